//! Superuser tokens, signed here with the cluster's own secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::connect::BoxFuture;
use crate::{BoxError, TokenSource, secret_file};

/// Signs superuser tokens with the cluster's secret, as its servers do among each other.
///
/// Whoever has such a token may do anything, on coordinators as on DB-Servers. Each holds for an hour by this
/// machine's clock, unless [`lifetime`](Self::lifetime) says otherwise, and another is made in time: no request is
/// sent for it.
///
/// ```
/// use arango_transport::{Credentials, Superuser};
///
/// let credentials = Credentials::made_by(Superuser::from_file("/etc/arangodb3/jwt-secret"));
/// ```
pub struct Superuser {
    secret: Place,
    lifetime: Duration,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

enum Place {
    Memory(SecretString),
    File(PathBuf),
    Folder(PathBuf),
}

impl Superuser {
    /// Signs with this secret: the content of the file that the servers were given.
    pub fn from_secret(secret: impl Into<SecretString>) -> Self {
        Self::new(Place::Memory(secret.into()))
    }

    /// Signs with the secret in this file, without the white space around it.
    ///
    /// The file is read whenever a token is made, so also after the servers have refused the last one: a secret
    /// that was exchanged is taken up by itself.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Place::File(path.into()))
    }

    /// Signs with the first secret in this folder, in the order of the names of its files, as servers do that were given
    /// such a folder: they take tokens of all its secrets.
    ///
    /// Folders in it, and files whose names begin with a dot, are passed over, so it may be one that Kubernetes mounts.
    /// It is read whenever a token is made, as with [`from_file`](Self::from_file).
    pub fn from_folder(path: impl Into<PathBuf>) -> Self {
        Self::new(Place::Folder(path.into()))
    }

    fn new(secret: Place) -> Self {
        Self { secret, lifetime: Duration::from_secs(3600), clock: Arc::new(SystemTime::now) }
    }

    /// Sets for how long a token holds; at least a second. Default: an hour.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.max(Duration::from_secs(1));
        self
    }

    /// Replaces the clock, which is the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn sign(&self, secret: &str) -> SecretString {
        let since = (self.clock)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (from, to) = (since.as_secs(), since.saturating_add(self.lifetime).as_secs());
        let claims = format!(r#"{{"iss":"arangodb","server_id":"arango-rs","iat":{from},"exp":{to}}}"#);
        sign(&claims, secret)
    }
}

/// A token of these claims.
fn sign(claims: &str, secret: &str) -> SecretString {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(claims.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes())).into()
}

impl TokenSource for Superuser {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async {
            match &self.secret {
                Place::Memory(secret) => Ok(self.sign(secret.expose_secret())),
                Place::File(path) => Ok(self.sign(secret_file::read(path).await?.expose_secret())),
                Place::Folder(path) => Ok(self.sign(secret_file::read_first(path).await?.expose_secret())),
            }
        })
    }
}

impl fmt::Debug for Superuser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Superuser").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_signed_as_the_standard_says() {
        // RFC 7519's own claims, signed by the `openssl` command with the key `secret`.
        let token = sign(r#"{"iss":"joe"}"#, "secret");
        let parts: Vec<_> = token.expose_secret().split('.').collect();
        assert_eq!(parts[0], "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        assert_eq!(parts[1], "eyJpc3MiOiJqb2UifQ");
        assert_eq!(parts[2], "yb-iLVXluCLKGDiKkuA0qgbKh7vbSrvNpKh2f-QihWg");
    }

    #[test]
    fn a_token_ends_when_it_says() {
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let superuser = Superuser::from_secret("s").clock(clock).lifetime(Duration::from_secs(60));
        let token = superuser.sign("s");
        let claims = token.expose_secret().split('.').nth(1).unwrap().to_owned();
        let claims = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert!(claims.contains(r#""iat":1700000000,"exp":1700000060"#), "{claims}");
        assert!(!format!("{superuser:?}").contains("\"s\""));
    }
}
