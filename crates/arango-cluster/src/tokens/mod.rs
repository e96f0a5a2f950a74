//! Access tokens: passwords of their own name and end, of which a user can have many.

mod create;
mod delete;
mod list;

use std::fmt;

use serde::Deserialize;

use crate::UnixSeconds;

pub use create::{CreateAccessToken, NewAccessToken};
pub use delete::DeleteAccessToken;
pub use list::ListAccessTokens;

const PATH: &str = "/_api/token/{user}";

/// What is known of an access token. The token itself is not: it is told once, [when it is made](CreateAccessToken).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct AccessToken {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// When it ends.
    pub valid_until: UnixSeconds,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// How it begins and ends, such as `v1...54227d`.
    #[serde(default)]
    pub fingerprint: String,
    /// Whether it has not ended yet.
    #[serde(default)]
    pub active: bool,
}

/// An access token itself: it stands in for the password of its user. It is not printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AccessTokenSecret(String);

impl AccessTokenSecret {
    /// The token, `v1.…`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessTokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokenSecret(…)")
    }
}
