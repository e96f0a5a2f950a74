//! Revisions of documents.

use smol_str::SmolStr;

use super::{InvalidIdentifier, string_impls};

/// The revision of a document, which every write changes.
///
/// Opaque: two revisions can only be compared for equality. Their order has no meaning for the server.
// Stored in place: a revision is short, and each response to a write has one.
#[derive(Clone)]
pub struct Revision(SmolStr);

string_impls!(Revision);

impl Revision {
    /// Validates a revision.
    ///
    /// # Errors
    ///
    /// If the revision is empty, or contains a character that no header may contain or a quote.
    pub fn new(revision: &str) -> Result<Self, InvalidIdentifier> {
        let reason = match revision.as_bytes() {
            [] => "is empty",
            bytes if !bytes.iter().all(|byte| Self::may_contain(*byte)) => {
                "contains a character that no revision contains"
            }
            _ => return Ok(Self(revision.into())),
        };
        Err(InvalidIdentifier::new("revision", revision, reason))
    }

    /// Creates a revision of a text that is not empty, and whose bytes a revision [may contain](Self::may_contain).
    pub(crate) fn of_valid(revision: &str) -> Self {
        Self(revision.into())
    }

    /// Returns whether a revision may contain a byte.
    pub(crate) fn may_contain(byte: u8) -> bool {
        byte.is_ascii_graphic() && byte != b'"'
    }

    /// Reads a revision from the header `Etag`, where it stands in quotes.
    #[inline]
    pub(crate) fn from_etag(etag: &str) -> Option<Self> {
        let etag = etag.trim();
        Self::new(etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(etag)).ok()
    }

    /// Returns the value of the headers `If-Match` and `If-None-Match`.
    pub(crate) fn to_etag(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// Returns the revision as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_stands_in_quotes_in_headers() {
        let revision = Revision::new("_gG9JHsW---").unwrap();
        assert_eq!(revision.to_etag(), "\"_gG9JHsW---\"");
        assert_eq!(Revision::from_etag("\"_gG9JHsW---\"").unwrap(), revision);
        assert_eq!(Revision::from_etag("_gG9JHsW---").unwrap(), revision);
        assert_eq!((Revision::from_etag("\"\""), Revision::from_etag("a b")), (None, None));
    }

    #[test]
    fn a_revision_that_would_break_a_header_is_refused() {
        for revision in ["", "a\"b", "a\nb", "ä"] {
            assert!(Revision::new(revision).is_err(), "{revision:?}");
        }
    }
}
