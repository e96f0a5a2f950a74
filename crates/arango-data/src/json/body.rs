//! The JSON of one document.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use arango_protocol::BuildError;
use bytes::Bytes;
use memchr::memchr;
use memchr::memmem::Finder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;

use super::finite::to_vec;
use super::members::members;
use super::splice::{with_first_member, with_key, without_member};
use crate::names::Key;

/// The JSON of a document, serialised once.
///
/// An error is kept until the [bytes](Self::into_bytes) are read.
#[derive(Clone)]
pub(crate) struct DocumentBody(Result<Written, WriteFault>);

#[derive(Clone)]
struct Written {
    /// An object without a `_key` that counts as absent.
    json: Bytes,
    /// The valid `_key` in the object.
    key: Option<Key>,
}

/// An error that can be returned by each attempt to build a request.
#[derive(Clone)]
enum WriteFault {
    Json(String),
    Field(&'static str, &'static str),
}

impl DocumentBody {
    /// Takes the JSON of an object whose key is known.
    pub(crate) fn of_json(json: Bytes, key: Option<Key>) -> Self {
        Self(Ok(Written { json, key }))
    }

    /// Serialises a document.
    pub(crate) fn new<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(
            to_vec(value).map_err(|error| WriteFault::Json(error.to_string())).and_then(|json| {
                Written::of(json).map_err(|(field, reason)| WriteFault::Field(field, reason))
            }),
        )
    }

    /// Adds `key` to the document, or checks that it is the key of the document.
    pub(crate) fn with_key(self, key: &Key) -> Self {
        match self.0 {
            Ok(Written { json, key: None }) => {
                Self(Ok(Written { json: with_key(&json, key), key: Some(key.clone()) }))
            }
            _ => self.of_key(key),
        }
    }

    /// Checks that the document has no other key than this.
    pub(crate) fn of_key(mut self, key: &Key) -> Self {
        if self.key().is_some_and(|own| own != key) {
            self.0 = Err(WriteFault::Field("_key", "of the document differs from the given key"));
        }
        self
    }

    /// Adds an attribute of text, which the document must not have.
    pub(crate) fn with_attribute(mut self, field: &'static str, name: &str, text: &str) -> Self {
        let Ok(written) = &self.0 else { return self };
        let is_there = members(&written.json).into_iter().flatten().any(|member| member.name == name);
        if is_there {
            self.0 = Err(WriteFault::Field(field, "is an attribute of the document already"));
            return self;
        }
        let json = with_first_member(&written.json, name, text);
        Self(Ok(Written { json, key: written.key.clone() }))
    }

    /// Returns the valid key in the document.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.0.as_ref().ok().and_then(|written| written.key.as_ref())
    }

    /// Returns an attribute at the top level, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.attribute(name)
    }

    /// Returns an attribute at the top level, if it is a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.attribute(name)
    }

    fn attribute<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let json = self.json()?;
        let member = members(json)?.find(|member| member.name == name)?;
        serde_json::from_slice(&json[member.value]).ok()
    }

    /// Returns the JSON, if there is no error.
    pub(crate) fn json(&self) -> Option<&Bytes> {
        self.0.as_ref().ok().map(|written| &written.json)
    }

    /// Returns the body of the request.
    pub(crate) fn into_bytes(self) -> Result<Bytes, BuildError> {
        match self.0 {
            Ok(written) => Ok(written.json),
            Err(WriteFault::Json(text)) => Err(BuildError::Body(serde_json::Error::custom(text))),
            Err(WriteFault::Field(field, reason)) => Err(BuildError::Field { field, reason }),
        }
    }
}

impl Written {
    fn of(json: Vec<u8>) -> Result<Self, KeyFault> {
        match own_key(&json)? {
            OwnKey::Missing => Ok(Self { json: json.into(), key: None }),
            OwnKey::Empty(span) => Ok(Self { json: without_member(json, span).into(), key: None }),
            OwnKey::Key(key) => Ok(Self { json: json.into(), key: Some(key) }),
        }
    }
}

/// The field that is wrong, and why.
pub(crate) type KeyFault = (&'static str, &'static str);

/// The `_key` of a document.
pub(crate) enum OwnKey {
    Missing,
    /// It is `null` or empty, which counts as absent. The member stands here.
    Empty(Range<usize>),
    Key(Key),
}

/// Finds the `_key` of a document, which must be valid JSON.
pub(crate) fn own_key(json: &[u8]) -> Result<OwnKey, KeyFault> {
    let members = members(json).ok_or(("document", "is not an object"))?;
    if !may_have_key(json) {
        return Ok(OwnKey::Missing);
    }
    let mut keys = members.filter(|member| member.name == "_key");
    let Some(member) = keys.next() else { return Ok(OwnKey::Missing) };
    if keys.next().is_some() {
        return Err(("_key", "is in the document twice"));
    }
    // `null` is read as no text.
    let text: Option<Cow<'_, str>> =
        serde_json::from_slice(&json[member.value]).map_err(|_| ("_key", "is not a string"))?;
    match text.as_deref() {
        None | Some("") => Ok(OwnKey::Empty(member.span)),
        Some(text) => Key::new(text).map(OwnKey::Key).map_err(|invalid| ("_key", invalid.reason())),
    }
}

/// Returns whether a document may have a `_key`. Most have none, and finding that out is cheaper than finding the members.
fn may_have_key(json: &[u8]) -> bool {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("_key\""));
    /// With it a name can be written that has another text.
    static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));
    NAME.find(json).is_some() || memchr(b'\\', json).is_some_and(|at| ESCAPE.find(&json[at..]).is_some())
}
