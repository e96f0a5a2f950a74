//! Superuser tokens, signed locally with the cluster's JWT secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use secrecy::{ExposeSecret, SecretString};

use crate::credentials::secret_file;
use crate::credentials::token_source::TokenSource;
use crate::types::boxed::{BoxError, BoxFuture};

/// Signs superuser tokens with the cluster's JWT secret.
///
/// The servers of a cluster authenticate each other with the same kind of token. It permits every operation, on
/// coordinators and on DB-Servers. A token is valid for one hour by this machine's clock, unless
/// [`lifetime`](Self::lifetime) is set, and is renewed before it expires, without a request to the cluster.
///
/// ```
/// use arango_transport::{Credentials, Superuser};
///
/// let credentials = Credentials::from_source(Superuser::from_file("/etc/arangodb3/jwt-secret"));
/// ```
pub struct Superuser {
    secret: SecretLocation,
    lifetime: Duration,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

enum SecretLocation {
    Memory(SecretString),
    File(PathBuf),
    Folder(PathBuf),
}

impl Superuser {
    /// Signs with this secret: the content of the servers' secret file.
    pub fn from_secret(secret: impl Into<SecretString>) -> Self {
        Self::new(SecretLocation::Memory(secret.into()))
    }

    /// Signs with the secret in this file; surrounding white space is removed.
    ///
    /// The file is read each time a token is created, also after a server has rejected the last one. A rotated
    /// secret is therefore picked up automatically.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::new(SecretLocation::File(path.into()))
    }

    /// Signs with the secret in the first file of this folder.
    ///
    /// Files are ordered by name. Servers configured with such a folder do the same, and accept tokens of all its
    /// secrets. Subfolders and files whose names begin with a dot are ignored, so the folder may be a Kubernetes mount.
    /// It is read each time a token is created, as with [`from_file`](Self::from_file).
    pub fn from_folder(path: impl Into<PathBuf>) -> Self {
        Self::new(SecretLocation::Folder(path.into()))
    }

    fn new(secret: SecretLocation) -> Self {
        Self { secret, lifetime: Duration::from_secs(3600), clock: Arc::new(SystemTime::now) }
    }

    /// Sets the lifetime of a token.
    ///
    /// At least one second. Default: one hour.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.max(Duration::from_secs(1));
        self
    }

    /// Replaces the clock. Default: the system clock.
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

/// Returns a signed token with these claims.
fn sign(claims: &str, secret: &str) -> SecretString {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(claims.as_bytes()));
    let mac = HMAC::mac(signed.as_bytes(), secret.as_bytes());
    format!("{signed}.{}", encode(&mac)).into()
}

impl TokenSource for Superuser {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async {
            match &self.secret {
                SecretLocation::Memory(secret) => Ok(self.sign(secret.expose_secret())),
                SecretLocation::File(path) => Ok(self.sign(secret_file::read(path).await?.expose_secret())),
                SecretLocation::Folder(path) => {
                    Ok(self.sign(secret_file::read_first(path).await?.expose_secret()))
                }
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
    fn tokens_are_signed_as_in_rfc_7519() {
        // Claims from RFC 7519, signed by the `openssl` command with the key `secret`.
        let token = sign(r#"{"iss":"joe"}"#, "secret");
        let parts: Vec<_> = token.expose_secret().split('.').collect();
        assert_eq!(parts[0], "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        assert_eq!(parts[1], "eyJpc3MiOiJqb2UifQ");
        assert_eq!(parts[2], "yb-iLVXluCLKGDiKkuA0qgbKh7vbSrvNpKh2f-QihWg");
    }

    #[test]
    fn a_token_contains_its_expiry_time() {
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let superuser = Superuser::from_secret("s").clock(clock).lifetime(Duration::from_secs(60));
        let token = superuser.sign("s");
        let claims = token.expose_secret().split('.').nth(1).unwrap().to_owned();
        let claims = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert!(claims.contains(r#""iat":1700000000,"exp":1700000060"#), "{claims}");
        assert!(!format!("{superuser:?}").contains("\"s\""));
    }
}
