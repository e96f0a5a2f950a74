//! What can be wrong with the settings of TLS.

use std::path::PathBuf;

/// What can be wrong with the settings of TLS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {reason}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// There is something, but it is not PEM.
    #[error("{origin} cannot be used: {reason}")]
    NotPem {
        /// What was read.
        origin: String,
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// No certificate where there should be one.
    #[error(
        "there is no certificate in {origin}; it must hold one between `BEGIN CERTIFICATE` and `END CERTIFICATE`"
    )]
    NoCertificate {
        /// What was read.
        origin: String,
    },
    /// A certificate that is none.
    #[error("a certificate in {origin} cannot be used: {reason}")]
    Certificate {
        /// What was read.
        origin: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// No key where there should be one.
    #[error("there is no private key in {origin}")]
    NoKey {
        /// What was read.
        origin: String,
    },
    /// The key is protected by a password.
    #[error("the private key in {origin} is encrypted; decrypt it first")]
    EncryptedKey {
        /// What was read.
        origin: String,
    },
    /// The key cannot be used, or is that of another certificate.
    #[error("the private key in {origin} does not fit the certificate: {reason}")]
    Key {
        /// What was read.
        origin: String,
        /// Why it does not fit.
        reason: String,
    },
    /// Nobody is trusted: only given authorities were to be, and none were given.
    #[error("only given authorities are to be trusted, and none were given")]
    NoAuthorities,
    /// The authorities of the system cannot be found.
    #[error("the authorities that the system trusts cannot be loaded: {reason}; give those of the cluster")]
    System {
        /// Why not.
        reason: String,
    },
    /// No cryptography was compiled in, and none was installed in the process.
    #[error(
        "there is no cryptography; enable the feature `rustls-ring` of `arango`, or `ring` of `arango-transport`, or install \
         a `rustls::crypto::CryptoProvider`, or give a ready configuration"
    )]
    NoCryptography,
    /// The cryptography does not do for a version of TLS that is to be spoken.
    #[error("the cryptography cannot be used: {reason}")]
    Versions {
        /// Why not.
        reason: String,
    },
    /// A name that no certificate can hold.
    #[error("`{name}` is neither a host name nor an address")]
    Name {
        /// The name.
        name: String,
    },
}
