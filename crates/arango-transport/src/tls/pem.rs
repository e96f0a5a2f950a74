//! PEM, from memory or from a file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;

use super::Secret;
use crate::config::tls_fault::InvalidTls;

/// A source of PEM certificates or keys.
///
/// The bytes read are zeroed when dropped.
#[derive(Clone)]
pub(super) enum Pem {
    /// Bytes in memory, with a description for error texts.
    Memory(&'static str, Secret),
    File(PathBuf),
}

impl Pem {
    pub(super) fn from_memory(description: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Memory(description, Arc::new(bytes.into().into()))
    }

    pub(super) fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// Returns the certificates, at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, InvalidTls> {
        let bytes = self.bytes()?;
        let certificates =
            CertificateDer::pem_slice_iter(bytes.expose_secret()).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| self.not_pem(&error))?;
        if certificates.is_empty() {
            return Err(InvalidTls::NoCertificate { origin: self.to_string() });
        }
        Ok(certificates)
    }

    /// Returns the first private key.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, InvalidTls> {
        let bytes = self.bytes()?;
        PrivateKeyDer::from_pem_slice(bytes.expose_secret()).map_err(|error| match error {
            Error::NoItemsFound if is_encrypted(bytes.expose_secret()) => {
                InvalidTls::EncryptedKey { origin: self.to_string() }
            }
            Error::NoItemsFound => InvalidTls::NoKey { origin: self.to_string() },
            error => self.not_pem(&error),
        })
    }

    /// Returns the text without UTF-8 byte order marks.
    ///
    /// Editors add them at the start; concatenating files moves them into the middle.
    fn bytes(&self) -> Result<Secret, InvalidTls> {
        let bytes: Secret = match self {
            Self::Memory(_, bytes) => Arc::clone(bytes),
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Arc::new(bytes.into()),
                Err(error) => {
                    return Err(InvalidTls::Unreadable { file: path.clone(), reason: error.to_string() });
                }
            },
        };
        let text = bytes.expose_secret();
        if UTF_16.iter().any(|mark| text.starts_with(mark)) {
            return Err(InvalidTls::NotPem {
                origin: self.to_string(),
                reason: "it is UTF-16; save it as UTF-8",
            });
        }
        if text.windows(UTF_8.len()).any(|window| window == UTF_8) {
            return Ok(Arc::new(without_marks(text).into()));
        }
        Ok(bytes)
    }

    /// Converts a PEM error, without its text, which may quote a line of the input.
    fn not_pem(&self, error: &Error) -> InvalidTls {
        let reason = match error {
            Error::MissingSectionEnd { .. } => "a section has no end",
            Error::IllegalSectionStart { .. } => "a section does not begin as it should",
            Error::Base64Decode(_) => "a section is not base64",
            _ => "it is not PEM",
        };
        InvalidTls::NotPem { origin: self.to_string(), reason }
    }
}

/// Byte order marks of UTF-8 and UTF-16.
const UTF_8: &[u8] = b"\xef\xbb\xbf";
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

fn without_marks(mut text: &[u8]) -> Vec<u8> {
    // Full capacity, because a reallocation would leave a copy that is not zeroed.
    let mut clean = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        if let Some(after) = text.strip_prefix(UTF_8) {
            text = after;
        } else {
            clean.push(*first);
            text = rest;
        }
    }
    clean
}

/// Returns whether the PEM contains a password-protected key.
fn is_encrypted(pem: &[u8]) -> bool {
    pem.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED)
}

const ENCRYPTED: &[u8] = b"BEGIN ENCRYPTED PRIVATE KEY";

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(description, _) => f.write_str(description),
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

    #[test]
    fn byte_order_marks_are_ignored_at_every_position() {
        let section = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        for text in [format!("\u{feff}{section}{section}"), format!("{section}\u{feff}{section}")] {
            assert_eq!(Pem::from_memory("the authorities", text).certificates().unwrap().len(), 2);
        }
    }

    #[test]
    fn utf_16_is_rejected_with_its_name() {
        for mark in UTF_16 {
            let fault = Pem::from_memory("the authorities", mark).certificates().unwrap_err();
            assert!(fault.to_string().contains("UTF-16"), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_the_reader_panic_or_is_quoted(
            lines in prop::collection::vec(
                "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|ENCRYPTED PRIVATE KEY)(-----)?|[A-Za-z0-9+/=]{24}|.{24})",
                0..6,
            ),
        ) {
            let pem = Pem::from_memory("the authorities", lines.join("\n"));
            let faults = [pem.certificates().err(), pem.key().err()];
            for shown in faults.iter().flatten().map(|fault| format!("{fault} {fault:?} {pem:?}")) {
                prop_assert!(!lines.iter().any(|line| shown.contains(line.trim())), "{}", shown);
            }
        }
    }
}
