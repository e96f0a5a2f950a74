//! Tokens read from a file that may change.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::credentials::secret_file;
use crate::credentials::token_source::TokenSource;
use crate::types::boxed::{BoxError, BoxFuture};
use crate::types::token::bearer;

/// Reads the token from a file, and again when the file changes.
///
/// The file may be replaced at any time. It is read again every 10 seconds while there are calls, and immediately
/// when a coordinator rejects the token. While the last token is valid, an unreadable file does not fail calls.
///
/// ```
/// use arango_transport::{Credentials, TokenFile};
///
/// let credentials = Credentials::from_source(TokenFile::new("/run/secrets/arango-token"));
/// ```
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    check_interval: Duration,
}

impl TokenFile {
    /// Reads the token from this file; surrounding white space is removed.
    ///
    /// The file is first read by the first call.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), check_interval: Duration::from_secs(10) }
    }

    /// Sets the interval for reading the file again. Default: 10 seconds.
    ///
    /// The minimum is 100 ms.
    #[must_use]
    pub fn check_interval(mut self, time: Duration) -> Self {
        self.check_interval = time.max(Duration::from_millis(100));
        self
    }
}

impl TokenSource for TokenFile {
    #[inline]
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async {
            let token = secret_file::read(&self.path).await?;
            // Checked here for an error text that names the file.
            bearer(token.expose_secret()).map_err(|_| {
                format!(
                    "the token in the file `{}` holds characters that an HTTP header cannot hold",
                    self.path.display()
                )
            })?;
            Ok(token)
        })
    }

    fn fresh_for(&self) -> Option<Duration> {
        Some(self.check_interval)
    }
}
