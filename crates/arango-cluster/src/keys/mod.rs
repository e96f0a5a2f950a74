//! Keys and certificates of the responding server, by their fingerprints.

mod encryption;
mod jwt;
mod tls;

pub use encryption::RotateEncryptionKeys;
pub use jwt::{GetJwtSecrets, JwtSecrets, ReloadJwtSecrets};
pub use tls::{GetTls, ReloadTls, TlsFiles, TlsKeyfile};

use serde::{Deserialize, Serialize};

/// The fingerprint of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// SHA-256 of the secret, in hexadecimal digits.
    pub sha256: String,
}
