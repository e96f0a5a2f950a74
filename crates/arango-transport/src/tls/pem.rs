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

    /// The text, without the byte order marks of UTF-8 that editors put before it and `cat` into its middle.
    fn bytes(&self) -> Result<Secret, TlsFault> {
        let bytes: Secret = match self {
            Self::Given(_, bytes) => Arc::clone(bytes),
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => Arc::new(bytes.into()),
                Err(error) => {
                    return Err(TlsFault::Unreadable { file: path.clone(), reason: error.to_string() });
                }
            },
        };
        let text = bytes.expose_secret();
        if UTF_16.iter().any(|mark| text.starts_with(mark)) {
            return Err(TlsFault::NotPem {
                origin: self.to_string(),
                reason: "it is UTF-16; save it as UTF-8",
            });
        }
        if text.windows(UTF_8.len()).any(|window| window == UTF_8) {
            return Ok(Arc::new(without_marks(text).into()));
        }
        Ok(bytes)
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

/// What editors put before texts in UTF-8, and in UTF-16.
const UTF_8: &[u8] = b"\xef\xbb\xbf";
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

fn without_marks(mut text: &[u8]) -> Vec<u8> {
    // As large as it can become: what is moved to another place is not wiped.
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

    #[test]
    fn byte_order_marks_are_passed_over_wherever_they_stand() {
        let section = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        for text in [format!("\u{feff}{section}{section}"), format!("{section}\u{feff}{section}")] {
            assert_eq!(Pem::given("the authorities", text).certificates().unwrap().len(), 2);
        }
    }

    #[test]
    fn utf_16_is_refused_as_what_it_is() {
        for mark in UTF_16 {
            let fault = Pem::given("the authorities", mark).certificates().unwrap_err();
            assert!(fault.to_string().contains("UTF-16"), "{fault}");
        }
    }

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
