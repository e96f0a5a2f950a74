//! Tokens that the program makes or finds by itself.

use secrecy::SecretString;

use crate::BoxError;
use crate::connect::BoxFuture;

/// Makes tokens for [`Credentials::made_by`](crate::Credentials::made_by).
///
/// ```
/// use arango_transport::{BoxError, BoxFuture, Credentials, TokenSource};
/// use arango_transport::secrecy::SecretString;
///
/// /// A token that another process keeps in a file.
/// struct TokenFile(&'static str);
///
/// impl TokenSource for TokenFile {
///     fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
///         Box::pin(async { Ok(tokio::fs::read_to_string(self.0).await?.trim().into()) })
///     }
/// }
///
/// let credentials = Credentials::made_by(TokenFile("/run/secrets/arango-token"));
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Makes a token.
    ///
    /// Asked before the first call, before the last token ends if it says when, and once after a coordinator has
    /// refused it. It runs in a task of its own and is asked by one at a time; all calls that need the token wait
    /// for it, each no longer than its attempt may take.
    ///
    /// # Errors
    ///
    /// If there is none: the calls that wait fail with [`ErrorKind::Login`](crate::ErrorKind::Login), and this as
    /// the cause, which must not hold a secret.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>>;
}
