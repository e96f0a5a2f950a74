//! Token sources supplied by the program.

use std::time::Duration;

use secrecy::SecretString;

use crate::types::boxed::{BoxError, BoxFuture};

/// Supplies tokens for [`Credentials::from_source`](crate::Credentials::from_source).
///
/// ```
/// use arango_transport::{BoxError, BoxFuture, Credentials, TokenSource};
/// use arango_transport::secrecy::SecretString;
///
/// /// Fetches tokens from a vault.
/// struct Vault;
///
/// impl TokenSource for Vault {
///     fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
///         Box::pin(async { Err("the vault is sealed".into()) })
///     }
/// }
///
/// let credentials = Credentials::from_source(Vault);
/// ```
///
/// [`TokenFile`](crate::TokenFile) is an implementation for tokens that another process writes to a file.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token.
    ///
    /// Called before the first call, before the last token expires if its expiry is known, and once after a coordinator
    /// has rejected it. It runs in a separate task, and never concurrently. All calls that need the token wait for
    /// it, each no longer than the time limit of its attempt. After one minute the future is dropped, and the next
    /// call starts it again.
    ///
    /// # Errors
    ///
    /// If no token is available. The waiting calls fail with [`ErrorKind::Login`](crate::ErrorKind::Login) and this
    /// error as the source. It must not contain a secret.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>>;

    /// Returns how long a token is used before it is renewed.
    ///
    /// After that time the source is called again. This applies regardless of the token's expiry time. After this time
    /// the next call starts a renewal in the background and continues with the current token. Default: `None`, so the
    /// token is used until it is close to expiry or is rejected.
    fn fresh_for(&self) -> Option<Duration> {
        None
    }
}
