//! Keys and certificates of the server that answers: only their fingerprints are told.

mod encryption;
mod jwt;
mod tls;

pub use encryption::RotateEncryptionKeys;
pub use jwt::{GetJwtSecrets, JwtSecrets, ReloadJwtSecrets};
pub use tls::{GetTls, ReloadTls, TlsFiles, TlsKeyfile};

use serde::Deserialize;

/// What tells a secret from others without telling the secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// SHA-256 of the secret, in hexadecimal digits.
    pub sha256: String,
}
