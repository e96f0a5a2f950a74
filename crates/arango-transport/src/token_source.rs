//! Tokens that the program makes or finds by itself.

use std::time::Duration;

use secrecy::SecretString;

use crate::BoxError;
use crate::connect::BoxFuture;

/// Makes tokens for [`Credentials::made_by`](crate::Credentials::made_by).
///
/// ```
/// use arango_transport::{BoxError, BoxFuture, Credentials, TokenSource};
/// use arango_transport::secrecy::SecretString;
///
/// /// A token that a vault gives out.
/// struct Vault;
///
/// impl TokenSource for Vault {
///     fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
///         Box::pin(async { Err("the vault is sealed".into()) })
///     }
/// }
///
/// let credentials = Credentials::made_by(Vault);
/// ```
///
/// [`TokenFile`](crate::TokenFile) is one for tokens that another process keeps in a file.
pub trait TokenSource: Send + Sync + 'static {
    /// Makes a token.
    ///
    /// Asked before the first call, before the last token ends if it says when, and once after a coordinator has
    /// refused it. It runs in a task of its own and is asked by one at a time; all calls that need the token wait
    /// for it, each no longer than its attempt may take. What takes a minute is given up, and asked again by the next call.
    ///
    /// # Errors
    ///
    /// If there is none: the calls that wait fail with [`ErrorKind::Login`](crate::ErrorKind::Login), and this as
    /// the cause, which must not hold a secret.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>>;

    /// Tells for how long a token is not doubted, however long it holds by its own word.
    ///
    /// When that is over the next call has the source asked again, in the background, and goes on with the token that
    /// is there. Default: `None`, until it is about to end, or is refused.
    fn fresh_for(&self) -> Option<Duration> {
        None
    }
}
