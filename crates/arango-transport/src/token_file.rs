//! A token in a file that changes.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::connect::BoxFuture;
use crate::credentials::bearer;
use crate::{BoxError, TokenSource, secret_file};

/// Takes the token that stands in a file, and the next one when that changes.
///
/// Whoever keeps the file may exchange its content at any time: it is looked at again every ten seconds while there
/// are calls, and at once when a coordinator has refused the token. A file that cannot be read fails no call as long
/// as the last token holds.
///
/// ```
/// use arango_transport::{Credentials, TokenFile};
///
/// let credentials = Credentials::made_by(TokenFile::new("/run/secrets/arango-token"));
/// ```
#[derive(Debug, Clone)]
pub struct TokenFile {
    path: PathBuf,
    look_every: Duration,
}

impl TokenFile {
    /// Takes the token in this file, without the white space around it. The file is read by the first call.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), look_every: Duration::from_secs(10) }
    }

    /// Sets after how long the file is looked at again; at least a tenth of a second. Default: 10 seconds.
    #[must_use]
    pub fn look_every(mut self, time: Duration) -> Self {
        self.look_every = time.max(Duration::from_millis(100));
        self
    }
}

impl TokenSource for TokenFile {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async {
            let token = secret_file::read(&self.path).await?;
            // It would be sent as none, and the refusal would not tell why.
            bearer(token.expose_secret())
                .map_err(|_| format!("the file `{}` holds what no token can", self.path.display()))?;
            Ok(token)
        })
    }

    fn fresh_for(&self) -> Option<Duration> {
        Some(self.look_every)
    }
}
