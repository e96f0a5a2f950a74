//! Tokens: the secrets that sign and verify them, their lifetime, and early expiry.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::http::token::{Claims, Signer};

/// The default lifetime of login tokens, that of `--server.session-timeout`.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(3600);

/// The state that decides whether a token is valid.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// The lifetime of login tokens issued from now on.
    pub(crate) lifetime: Duration,
    /// The secret last set for the whole cluster. Coordinators may have got others since.
    cluster: Signer,
    /// The secrets of each coordinator.
    keys: Vec<Keys>,
    /// Login tokens that were issued and not expired by a test.
    issued: BTreeSet<String>,
    refused: BTreeSet<String>,
    /// How often all tokens were expired. It is a claim of new tokens, so that none equals an expired one.
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

    /// Returns the secrets of a coordinator.
    pub(crate) fn keys(&self, coordinator: usize) -> &Keys {
        &self.keys[coordinator]
    }

    /// Sets the secrets of one coordinator.
    pub(crate) fn set_keys(&mut self, coordinator: usize, keys: Keys) {
        self.keys[coordinator] = keys;
    }

    /// Sets the secret of all coordinators.
    pub(crate) fn rotate(&mut self, secret: &str) {
        self.cluster = Signer::new(secret);
        self.keys.fill(Keys::new(secret, &[]));
    }

    /// Verifies a token as a coordinator does at `now`. The time is in seconds since the epoch.
    pub(crate) fn verify(&self, coordinator: usize, token: &str, now: u64) -> Option<Claims> {
        if self.refused.contains(token) {
            return None;
        }
        let Keys { active, passive } = self.keys(coordinator);
        std::iter::once(active).chain(passive).find_map(|signer| signer.verify(token, now))
    }

    /// Issues the token of a login at a coordinator.
    pub(crate) fn issue(&mut self, coordinator: usize, user: &str, now: u64, lifetime: Duration) -> String {
        let signer = &self.keys(coordinator).active;
        let token = signer.user(user, now, now.saturating_add(lifetime.as_secs()), self.round);
        self.issued.insert(token.clone());
        token
    }

    /// Signs a token of a user without a login.
    pub(crate) fn user(&self, user: &str, now: u64, lifetime: Duration) -> String {
        self.cluster.user(user, now, now.saturating_add(lifetime.as_secs()), self.round)
    }

    pub(crate) fn superuser(&self) -> String {
        self.cluster.superuser()
    }

    /// Expires all login tokens issued so far.
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
        let mut sessions = Sessions::new("secret", 1, SESSION_TIMEOUT);
        let old = sessions.issue(0, "root", 7, SESSION_TIMEOUT);
        sessions.expire_all();
        let new = sessions.issue(0, "root", 7, SESSION_TIMEOUT);

        assert_eq!(sessions.verify(0, &old, 7), None);
        assert!(sessions.verify(0, &new, 7).is_some());
    }

    #[test]
    fn a_passive_secret_verifies_and_does_not_sign() {
        let mut sessions = Sessions::new("old", 2, SESSION_TIMEOUT);
        let old = sessions.issue(1, "root", 7, SESSION_TIMEOUT);
        sessions.set_keys(0, Keys::new("new", &["old".to_owned()]));
        let new = sessions.issue(0, "root", 7, SESSION_TIMEOUT);

        assert!(sessions.verify(0, &old, 7).is_some() && sessions.verify(0, &new, 7).is_some());
        assert!(sessions.verify(1, &old, 7).is_some() && sessions.verify(1, &new, 7).is_none());
    }
}
