//! PEM, from memory or from a file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;

use super::{Secret, TlsFault};

/// Where certificates or a key stand in PEM. What is read is dropped, and wiped, with the rest.
#[derive(Clone)]
pub(super) enum Pem {
    /// In memory, and what it is said to be.
    Given(&'static str, Secret),
    File(PathBuf),
}

impl Pem {
    pub(super) fn given(what: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Given(what, Arc::new(bytes.into().into()))
    }

    pub(super) fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// The certificates, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
        let bytes = self.bytes()?;
        let certificates =
            CertificateDer::pem_slice_iter(bytes.expose_secret()).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| self.unfit(&error))?;
        if certificates.is_empty() {
            return Err(TlsFault::NoCertificate { origin: self.to_string() });
        }
        Ok(certificates)
    }

    /// The first key.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsFault> {
        let bytes = self.bytes()?;
        PrivateKeyDer::from_pem_slice(bytes.expose_secret()).map_err(|error| match error {
            Error::NoItemsFound if is_encrypted(bytes.expose_secret()) => {
                TlsFault::EncryptedKey { origin: self.to_string() }
            }
            Error::NoItemsFound => TlsFault::NoKey { origin: self.to_string() },
            error => self.unfit(&error),
        })
    }

    fn bytes(&self) -> Result<Secret, TlsFault> {
        match self {
            Self::Given(_, bytes) => Ok(Arc::clone(bytes)),
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(Arc::new(bytes.into())),
                Err(error) => Err(TlsFault::Unreadable { file: path.clone(), reason: error.to_string() }),
            },
        }
    }

    /// Not with the text of the error, which may quote a line.
    fn unfit(&self, error: &Error) -> TlsFault {
        let reason = match error {
            Error::MissingSectionEnd { .. } => "a section has no end",
            Error::IllegalSectionStart { .. } => "a section does not begin as it should",
            Error::Base64Decode(_) => "a section is not base64",
            _ => "it is not PEM",
        };
        TlsFault::NotPem { origin: self.to_string(), reason }
    }
}

/// Whether there is a key that only a password opens.
fn is_encrypted(pem: &[u8]) -> bool {
    pem.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED)
}

const ENCRYPTED: &[u8] = b"BEGIN ENCRYPTED PRIVATE KEY";

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(what, _) => f.write_str(what),
            Self::File(path) => write!(f, "`{}`", path.display()),
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_makes_the_reader_panic_and_no_line_is_quoted(
            lines in prop::collection::vec(
                "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|ENCRYPTED PRIVATE KEY)(-----)?|[A-Za-z0-9+/=]{24}|.{24})",
                0..6,
            ),
        ) {
            let pem = Pem::given("the authorities", lines.join("\n"));
            let faults = [pem.certificates().err(), pem.key().err()];
            for shown in faults.iter().flatten().map(|fault| format!("{fault} {fault:?} {pem:?}")) {
                prop_assert!(!lines.iter().any(|line| shown.contains(line.trim())), "{}", shown);
            }
        }
    }
}
