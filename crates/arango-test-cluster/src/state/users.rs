//! Users, and their access tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::grants::{ALL, Grants};

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) password: String,
    pub(crate) active: bool,
    pub(crate) extra: Value,
    pub(crate) grants: Grants,
    pub(crate) tokens: Vec<AccessToken>,
}

/// A named password with an expiry time.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) valid_until: u64,
    pub(crate) created_at: u64,
    pub(crate) secret: String,
}

impl AccessToken {
    /// Returns whether it is valid at `now`, in seconds since the epoch.
    fn is_active(&self, now: u64) -> bool {
        now < self.valid_until
    }

    /// Returns its public form, without the secret.
    pub(crate) fn public(&self, now: u64) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "valid_until": self.valid_until,
            "created_at": self.created_at,
            "fingerprint": format!("v1...{}", &self.secret[self.secret.len().saturating_sub(6)..]),
            "active": self.is_active(now),
        })
    }
}

impl User {
    pub(crate) fn new(password: &str) -> Self {
        Self {
            password: password.to_owned(),
            active: true,
            extra: json!({}),
            grants: Grants::default(),
            tokens: Vec::new(),
        }
    }

    /// Grants everything in a database and in all of its collections.
    pub(crate) fn with_all(mut self, database: &str) -> Self {
        self.grants.set_all(database);
        self
    }

    pub(crate) fn public(&self, name: &str) -> Value {
        json!({ "user": name, "active": self.active, "extra": self.extra })
    }
}

/// All users.
#[derive(Debug, Default)]
pub(crate) struct Users {
    pub(crate) by_name: BTreeMap<String, User>,
}

impl Users {
    pub(crate) fn with_root(password: &str) -> Self {
        let root = User::new(password).with_all(ALL).with_all("_system");
        Self { by_name: BTreeMap::from([("root".to_owned(), root)]) }
    }

    pub(crate) fn is_active(&self, user: &str) -> bool {
        self.by_name.get(user).is_some_and(|user| user.active)
    }

    /// Returns the user with this password or access token. With a token the name may be empty.
    pub(crate) fn verify(&self, name: &str, password: &str, now: u64) -> Option<String> {
        let has_token =
            |user: &User| user.tokens.iter().any(|token| token.secret == password && token.is_active(now));
        if name.is_empty() {
            let (name, _) = self.by_name.iter().find(|(_, user)| user.active && has_token(user))?;
            return Some(name.clone());
        }
        let user = self.by_name.get(name).filter(|user| user.active)?;
        (user.password == password || has_token(user)).then(|| name.to_owned())
    }

    /// Returns what a user was granted. `None` if there is no such user.
    pub(crate) fn grants(&self, user: &str) -> Option<&Grants> {
        self.by_name.get(user).map(|user| &user.grants)
    }

    /// Removes the grants of all users for a database, and for its collections.
    pub(crate) fn forget_database(&mut self, database: &str) {
        self.by_name.values_mut().for_each(|user| user.grants.remove_database(database));
    }

    /// Removes the grants of all users for a collection.
    pub(crate) fn forget_collection(&mut self, database: &str, collection: &str) {
        self.by_name.values_mut().for_each(|user| user.grants.remove_collection(database, collection));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_token_is_a_password_that_implies_its_user() {
        let mut users = Users::with_root("passwd");
        let token =
            AccessToken { id: 1, name: "t".into(), valid_until: 9, created_at: 1, secret: "v1.abc".into() };
        users.by_name.get_mut("root").unwrap().tokens.push(token);

        assert_eq!(users.verify("", "v1.abc", 8).as_deref(), Some("root"));
        assert_eq!(users.verify("root", "v1.abc", 8).as_deref(), Some("root"));
        assert_eq!(users.verify("anna", "v1.abc", 8), None);
        assert_eq!(users.verify("root", "wrong", 8), None);
        assert_eq!(users.verify("root", "v1.abc", 9), None, "it has expired");
    }
}
