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
use serde_json::Number;

use super::finite::to_vec;
use super::members::members;
use super::splice::{append_key, with_first_member, without_appended_key, without_member};
use super::write_state::KeyPresence;
use crate::names::Key;

/// The JSON of a document, serialised once.
///
/// An error is kept until the [bytes](Self::to_bytes) are read.
#[derive(Clone)]
pub(crate) struct DocumentBody(Result<WrittenObject, WriteFault>);

#[derive(Clone)]
struct WrittenObject {
    /// An object without a `_key` that counts as absent.
    json: Json,
    /// The valid `_key` in the object.
    key: Option<Key>,
    /// Whether the key was [added](DocumentBody::with_key).
    is_key_added: bool,
}

#[derive(Clone)]
enum Json {
    /// Attributes can be added without copying the others.
    Owned(Vec<u8>),
    /// The body of a request. It is sent without being copied.
    Shared(Bytes),
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
        Self(Ok(WrittenObject { json: Json::Shared(json), key, is_key_added: false }))
    }

    /// Serialises a document.
    pub(crate) fn new<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(to_vec(value).map_err(|error| WriteFault::Json(error.to_string())).and_then(
            |(json, presence)| {
                WrittenObject::of(json, presence).map_err(|(field, reason)| WriteFault::Field(field, reason))
            },
        ))
    }

    /// Adds `key` to the document, instead of one that was added before, or checks that it is the key of the document.
    pub(crate) fn with_key(self, key: &Key) -> Self {
        match self.without_added_key().0 {
            Ok(WrittenObject { json, key: None, .. }) => {
                let mut json = json.into_vec();
                append_key(&mut json, 0, key);
                let json = Json::Shared(json.into());
                Self(Ok(WrittenObject { json, key: Some(key.clone()), is_key_added: true }))
            }
            checked => Self(checked).of_key(key),
        }
    }

    /// Removes the key that was [added](Self::with_key).
    pub(crate) fn without_added_key(self) -> Self {
        match self.0 {
            Ok(WrittenObject { json, key: Some(key), is_key_added: true }) => {
                let json = Json::Owned(without_appended_key(json.bytes(), &key));
                Self(Ok(WrittenObject { json, key: None, is_key_added: false }))
            }
            kept => Self(kept),
        }
    }

    /// Checks that the document has no other key than this. No key is added to it later.
    pub(crate) fn of_key(mut self, key: &Key) -> Self {
        if self.key().is_some_and(|own| own != key) {
            self.0 = Err(WriteFault::Field("_key", "of the document differs from the given key"));
        }
        self.shared()
    }

    /// Prepares the JSON for being sent.
    pub(crate) fn shared(self) -> Self {
        Self(self.0.map(|written| WrittenObject { json: Json::Shared(written.json.into_bytes()), ..written }))
    }

    /// Adds an attribute of text, which the document must not have.
    pub(crate) fn with_attribute(mut self, field: &'static str, name: &str, text: &str) -> Self {
        let Ok(written) = self.0 else { return self };
        let is_there = members(written.json.bytes()).into_iter().flatten().any(|member| member.name == name);
        if is_there {
            return Self(Err(WriteFault::Field(field, "is an attribute of the document already")));
        }
        let json = Json::Owned(with_first_member(written.json.into_vec(), name, text));
        self.0 = Ok(WrittenObject { json, ..written });
        self
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
    pub(crate) fn number(&self, name: &str) -> Option<Number> {
        self.attribute(name)
    }

    fn attribute<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let json = self.0.as_ref().ok()?.json.bytes();
        let member = members(json)?.find(|member| member.name == name)?;
        serde_json::from_slice(&json[member.value]).ok()
    }

    /// Returns the JSON, if there is no error.
    pub(crate) fn json(&self) -> Option<Bytes> {
        self.0.as_ref().ok().map(|written| written.json.clone().into_bytes())
    }

    /// Returns the body of the request.
    pub(crate) fn to_bytes(&self) -> Result<Bytes, BuildError> {
        match &self.0 {
            Ok(written) => Ok(written.json.clone().into_bytes()),
            Err(WriteFault::Json(text)) => Err(BuildError::Body(serde_json::Error::custom(text))),
            Err(WriteFault::Field(field, reason)) => Err(BuildError::Field { field, reason }),
        }
    }
}

impl WrittenObject {
    fn of(json: Vec<u8>, presence: KeyPresence) -> Result<Self, KeyFault> {
        let (json, key) = match own_key(&json, presence)? {
            OwnKey::Missing => (Json::Owned(json), None),
            OwnKey::Empty(span) => (Json::Owned(without_member(json, span)), None),
            OwnKey::Key(key) => (Json::Shared(json.into()), Some(key)),
        };
        Ok(Self { json, key, is_key_added: false })
    }
}

impl Json {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(json) => json,
            Self::Shared(json) => json,
        }
    }

    fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Owned(json) => json,
            Self::Shared(json) => json.into(),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Owned(json) => json.into(),
            Self::Shared(json) => json,
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
pub(crate) fn own_key(json: &[u8], presence: KeyPresence) -> Result<OwnKey, KeyFault> {
    let members = members(json).ok_or(("document", "is not an object"))?;
    if presence == KeyPresence::Impossible || !may_have_key(json) {
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
