//! Errors of TLS settings.

use std::path::PathBuf;

/// The reason why TLS settings are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTls {
    /// A file cannot be read.
    #[error("`{}` cannot be read: {reason}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        reason: String,
    },
    /// The input is not PEM.
    #[error("{origin} cannot be used: {reason}")]
    NotPem {
        /// The setting or file that was read.
        origin: String,
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// The input contains no certificate.
    #[error(
        "there is no certificate in {origin}; it must hold one between `BEGIN CERTIFICATE` and `END CERTIFICATE`"
    )]
    NoCertificate {
        /// The setting or file that was read.
        origin: String,
    },
    /// A certificate is invalid.
    #[error("a certificate in {origin} cannot be used: {reason}")]
    Certificate {
        /// The setting or file that was read.
        origin: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// The input contains no private key.
    #[error("there is no private key in {origin}")]
    NoKey {
        /// The setting or file that was read.
        origin: String,
    },
    /// The key is encrypted with a password.
    #[error("the private key in {origin} is encrypted; decrypt it first")]
    EncryptedKey {
        /// The setting or file that was read.
        origin: String,
    },
    /// The key cannot be used, or does not match the certificate.
    #[error("the private key in {origin} does not match the certificate: {reason}")]
    Key {
        /// The setting or file that was read.
        origin: String,
        /// Why it does not match.
        reason: String,
    },
    /// Only the given authorities are trusted, but none were given.
    #[error("only the given authorities are trusted, but none were given")]
    NoAuthorities,
    /// The authorities of the system cannot be loaded.
    #[error("the system's trusted authorities cannot be loaded: {reason}; set those of the cluster")]
    System {
        /// Why they cannot be loaded.
        reason: String,
    },
    /// No cryptography provider is available.
    ///
    /// None was compiled in, and none is installed in the process.
    #[error(
        "there is no cryptography provider; enable the feature `rustls-ring` of `arango` or of \
         `arango-transport`, or install a `rustls::crypto::CryptoProvider`, or pass a complete `rustls::ClientConfig`"
    )]
    NoCryptography,
    /// The cryptography provider does not support a required TLS version.
    #[error("the cryptography provider cannot be used: {reason}")]
    Versions {
        /// Why it cannot be used.
        reason: String,
    },
    /// The server name is neither a host name nor an address.
    #[error("`{name}` is neither a host name nor an address")]
    Name {
        /// The name.
        name: String,
    },
}
