//! What a write returns.

use arango_protocol::{ApiResponse, OutputError};
use http::StatusCode;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::resolution::StoredDocument;
use super::written_attributes::WrittenAttributes;
use crate::json::members;
use crate::names::{DocumentId, Key, Revision};

/// What a write returns: [`Written`] or [`Silent`].
///
/// Sealed: it cannot be implemented outside of this crate.
pub trait WriteOutput: Sized + Sealed {}

mod sealed {
    use super::{ApiResponse, Evidence, Key, OutputError, RawValue};

    pub trait Sealed: Sized {
        /// Reads a response. `key` is the one of the request, if it had one.
        fn read(response: &ApiResponse, key: Option<&Key>) -> Result<Self, OutputError>;

        /// Creates the output of a write from the document that it has written, instead of from its response.
        fn found(stored: &RawValue, evidence: Evidence, returns_new: bool) -> Option<Self>;
    }
}

pub(super) use sealed::Sealed;

/// A written document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(bound(deserialize = "New: Deserialize<'de>, Old: Deserialize<'de>"))]
#[non_exhaustive]
pub struct Written<New = (), Old = ()> {
    /// The key.
    #[serde(rename = "_key")]
    pub key: Key,
    /// The id.
    #[serde(rename = "_id")]
    pub id: DocumentId,
    /// The revision after the write.
    ///
    /// If nothing was written, the current one.
    #[serde(rename = "_rev")]
    pub revision: Revision,
    /// The revision before; `None` if there was no document.
    ///
    /// Also `None` if the response was lost, see [`evidence`](Self::evidence).
    #[serde(rename = "_oldRev", default)]
    pub old_revision: Option<Revision>,
    /// The document after the write, if it was asked for.
    ///
    /// `None` if an insert kept the existing document.
    #[serde(default = "Option::default")]
    pub new: Option<New>,
    /// The document before the write, if it was asked for and existed.
    ///
    /// Also `None` if the response was lost, see [`evidence`](Self::evidence).
    #[serde(default = "Option::default")]
    pub old: Option<Old>,
    /// How it was found out that the write was executed.
    ///
    /// `None` if the server said so. Otherwise the revision is the current one, which a later write may have changed.
    /// If the document is removed at the same time, a copy of the write that is still executed may bring it back.
    #[serde(skip)]
    pub evidence: Option<Evidence>,
}

impl<New, Old> Written<New, Old> {
    /// Creates the output of a write whose response has nothing else.
    pub(super) fn of_attributes(written: WrittenAttributes) -> Self {
        Self {
            key: written.id.shared_key(),
            id: written.id,
            revision: written.revision,
            old_revision: written.old_revision,
            new: None,
            old: None,
            evidence: None,
        }
    }

    /// Returns whether the server kept the document for its version.
    ///
    /// Only writes with a version attribute keep it. An earlier copy of the same write may have written that version.
    pub fn is_unchanged(&self) -> bool {
        self.old_revision.as_ref() == Some(&self.revision)
    }
}

impl<New, Old> From<&Written<New, Old>> for DocumentId {
    fn from(written: &Written<New, Old>) -> Self {
        written.id.clone()
    }
}

impl<New: DeserializeOwned, Old: DeserializeOwned> WriteOutput for Written<New, Old> {}

impl<New: DeserializeOwned, Old: DeserializeOwned> Sealed for Written<New, Old> {
    fn read(response: &ApiResponse, key: Option<&Key>) -> Result<Self, OutputError> {
        if let Some(written) = WrittenAttributes::read(response.bytes(), key) {
            return Ok(Self::of_attributes(written));
        }
        response.json().map_err(|error: OutputError| {
            let is_written = response.json::<Written<IgnoredAny, IgnoredAny>>().is_ok();
            error.with_success_shape(is_written)
        })
    }

    fn found(stored: &RawValue, evidence: Evidence, returns_new: bool) -> Option<Self> {
        let stored = StoredDocument(stored);
        Some(Self {
            key: stored.key()?,
            id: stored.id()?,
            revision: stored.revision()?,
            old_revision: None,
            new: if returns_new { Some(serde_json::from_str(stored.json()).ok()?) } else { None },
            old: None,
            evidence: Some(evidence),
        })
    }
}

/// A document was written, and nothing more was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Silent {
    /// How it was found out that the write was executed.
    ///
    /// `None` if the server said so.
    pub evidence: Option<Evidence>,
}

impl WriteOutput for Silent {}

impl Sealed for Silent {
    #[inline]
    fn read(response: &ApiResponse, _: Option<&Key>) -> Result<Self, OutputError> {
        // An empty object says little, but few services send it with one of these statuses.
        response.json::<IgnoredAny>()?;
        let is_empty = members(response.bytes()).is_some_and(|members| members.count() == 0);
        let is_written = matches!(response.status(), StatusCode::CREATED | StatusCode::ACCEPTED);
        if is_empty && is_written {
            return Ok(Self { evidence: None });
        }
        Err(response.invalid("not the empty object of a write"))
    }

    fn found(_: &RawValue, evidence: Evidence, _: bool) -> Option<Self> {
        Some(Self { evidence: Some(evidence) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;
    use serde_json::{Value, json};

    #[test]
    fn new_and_old_are_read_beside_the_names() {
        let body = json!({
            "_id": "c/k", "_key": "k", "_rev": "_b", "_oldRev": "_a",
            "old": { "a": 1 }, "new": { "a": 2 },
        });
        let written = Written::<Value, Value>::read(&response(202, &body.to_string()), None).unwrap();
        assert_eq!((written.key.as_str(), written.id.as_str()), ("k", "c/k"));
        assert_eq!((written.revision.as_str(), written.old_revision.unwrap().as_str()), ("_b", "_a"));
        assert_eq!((written.new, written.old), (Some(json!({ "a": 2 })), Some(json!({ "a": 1 }))));
        assert_eq!(written.evidence, None);
    }

    #[test]
    fn what_was_not_asked_for_is_absent() {
        let body = r#"{"_id":"c/k","_key":"k","_rev":"_gG9JHsW---"}"#;
        let written = Written::<(), ()>::read(&response(201, body), None).unwrap();
        assert_eq!((written.old_revision, written.new, written.old), (None, None, None));
        assert!(Written::<(), ()>::read(&response(201, "{}"), None).is_err());
    }

    #[test]
    fn a_document_of_another_type_proves_the_write_and_another_body_does_not() {
        let read = |body: &str| Written::<u8, u8>::read(&response(202, body), None).unwrap_err();
        let error = read(r#"{"_id":"c/k","_key":"k","_rev":"_b","new":"x"}"#);
        assert_eq!((error.path(), error.proves_execution()), ("new", true));
        for body in [r#"{"_id":"c/k","_key":"k","new":"x"}"#, r#"{"new":"x"}"#, "[]", "<html>"] {
            assert!(!read(body).proves_execution(), "{body}");
        }
    }

    #[test]
    fn a_version_that_is_not_higher_changes_nothing() {
        let body = r#"{"_id":"c/k","_key":"k","_rev":"_a","_oldRev":"_a"}"#;
        assert!(Written::<(), ()>::read(&response(202, body), None).unwrap().is_unchanged());
    }

    #[test]
    fn a_silent_write_returns_an_empty_object() {
        assert_eq!(Silent::read(&response(202, "{}"), None).unwrap(), Silent { evidence: None });
        assert!(Silent::read(&response(202, r#"{"status":"ok"}"#), None).is_err());
        assert!(Silent::read(&response(202, ""), None).is_err());
    }
}
