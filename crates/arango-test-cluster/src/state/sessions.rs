//! Tokens: which secrets sign and verify them, how long they hold, and which are refused before their time.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::http::token::{Claims, Signer};

/// How long the token of a login holds unless somebody says otherwise; the default of `--server.session-timeout`.
pub(crate) const SESSION: Duration = Duration::from_secs(3600);

/// What decides over tokens.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Of the tokens that logins give from now on.
    pub(crate) lifetime: Duration,
    /// The secret that the whole cluster was last given; coordinators may have others since.
    cluster: Signer,
    /// The secrets of each coordinator.
    keys: Vec<Keys>,
    /// What logins gave and was not refused yet.
    issued: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// How often all tokens were refused; tokens say it, so that none equals one that is refused already.
    round: u64,
}

/// The secrets of one coordinator.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// Signs and verifies.
    pub(crate) active: Signer,
    /// Verify only.
    pub(crate) passive: Vec<Signer>,
}

impl Keys {
    pub(crate) fn new(active: &str, passive: &[String]) -> Self {
        Self {
            active: Signer::new(active),
            passive: passive.iter().map(|secret| Signer::new(secret)).collect(),
        }
    }
}

impl Sessions {
    pub(crate) fn new(secret: &str, coordinators: usize, lifetime: Duration) -> Self {
        Self {
            lifetime,
            cluster: Signer::new(secret),
            keys: vec![Keys::new(secret, &[]); coordinators],
            issued: BTreeSet::new(),
            refused: BTreeSet::new(),
            round: 0,
        }
    }

    /// The secrets of a coordinator.
    pub(crate) fn keys(&self, coordinator: usize) -> &Keys {
        &self.keys[coordinator]
    }

    /// Gives one coordinator other secrets.
    pub(crate) fn set_keys(&mut self, coordinator: usize, keys: Keys) {
        self.keys[coordinator] = keys;
    }

    /// Gives all coordinators another secret.
    pub(crate) fn rotate(&mut self, secret: &str) {
        self.cluster = Signer::new(secret);
        self.keys.fill(Keys::new(secret, &[]));
    }

    /// Reads a token as a coordinator does at `now`, in seconds since the epoch.
    pub(crate) fn verify(&self, coordinator: usize, token: &str, now: u64) -> Option<Claims> {
        if self.refused.contains(token) {
            return None;
        }
        let Keys { active, passive } = self.keys(coordinator);
        std::iter::once(active).chain(passive).find_map(|signer| signer.verify(token, now))
    }

    /// The token of a login at a coordinator.
    pub(crate) fn issue(&mut self, coordinator: usize, user: &str, now: u64, lifetime: Duration) -> String {
        let signer = &self.keys(coordinator).active;
        let token = signer.user(user, now, now.saturating_add(lifetime.as_secs()), self.round);
        self.issued.insert(token.clone());
        token
    }

    /// A token of a user without a login.
    pub(crate) fn user(&self, user: &str, now: u64, lifetime: Duration) -> String {
        self.cluster.user(user, now, now.saturating_add(lifetime.as_secs()), self.round)
    }

    pub(crate) fn superuser(&self) -> String {
        self.cluster.superuser()
    }

    /// Refuses from now on whatever logins have given so far.
    pub(crate) fn expire_all(&mut self) {
        self.refused.append(&mut self.issued);
        self.round += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_same_second_is_not_the_one_that_was_refused() {
        let mut sessions = Sessions::new("secret", 1, SESSION);
        let old = sessions.issue(0, "root", 7, SESSION);
        sessions.expire_all();
        let new = sessions.issue(0, "root", 7, SESSION);

        assert_eq!(sessions.verify(0, &old, 7), None);
        assert!(sessions.verify(0, &new, 7).is_some());
    }

    #[test]
    fn a_passive_secret_verifies_and_does_not_sign() {
        let mut sessions = Sessions::new("old", 2, SESSION);
        let old = sessions.issue(1, "root", 7, SESSION);
        sessions.set_keys(0, Keys::new("new", &["old".to_owned()]));
        let new = sessions.issue(0, "root", 7, SESSION);

        assert!(sessions.verify(0, &old, 7).is_some() && sessions.verify(0, &new, 7).is_some());
        assert!(sessions.verify(1, &old, 7).is_some() && sessions.verify(1, &new, 7).is_none());
    }
}
