//! Access tokens: named passwords with an expiry, of which a user can have many.

mod create;
mod delete;
mod list;

use std::fmt;

use serde::{Deserialize, Serialize};

use arango_protocol::UnixSeconds;

pub use create::{CreateAccessToken, NewAccessToken};
pub use delete::DeleteAccessToken;
pub use list::ListAccessTokens;

const PATH: &str = "/_api/token/{user}";

/// The properties of an access token, without its secret.
///
/// The secret is returned only once, [when the token is created](CreateAccessToken).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AccessToken {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// When it expires.
    pub valid_until: UnixSeconds,
    /// When it was created.
    pub created_at: UnixSeconds,
    /// Its first and last characters, such as `v1...54227d`.
    #[serde(default)]
    pub fingerprint: String,
    /// Whether it has not expired.
    #[serde(default)]
    pub active: bool,
}

/// The secret of an access token, used instead of the user's password.
///
/// `Debug` does not print it, and it cannot be serialised by mistake.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AccessTokenSecret(String);

impl AccessTokenSecret {
    /// Returns the secret, `v1.…`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessTokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokenSecret(…)")
    }
}
