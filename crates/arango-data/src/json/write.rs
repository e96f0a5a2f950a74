//! Writing the JSON of one document.

use std::borrow::Cow;
use std::ops::Range;

use arango_protocol::BuildError;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;

use super::finite::to_vec;
use super::members::members;
use crate::names::Key;

/// Writes a document as JSON, with `key` as its key.
///
/// A `_key` that is `null` or empty counts as absent and is left out. Integers keep all 64 bits.
///
/// ```
/// use arango_data::{Key, write_document};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Book {
///     title: &'static str,
/// }
///
/// let body = write_document(&Book { title: "Dune" }, Some(&Key::new("dune")?))?;
/// assert_eq!(body, r#"{"_key":"dune","title":"Dune"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the value cannot be serialised or is no object, if it contains NaN, an infinity or an integer of more than 64
/// bits (the error names the path, such as `prices[3].net`), or if its `_key` is invalid or differs from `key`.
pub fn write_document<T: Serialize + ?Sized>(value: &T, key: Option<&Key>) -> Result<Bytes, BuildError> {
    let body = DocumentBody::new(value);
    match key {
        Some(key) => body.with_key(key),
        None => body,
    }
    .bytes()
}

/// The JSON of a document, serialised once.
///
/// An error is kept until the [bytes](Self::bytes) are read.
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
                let json = with_first_member(&json, "\"_key\"", &quoted(key.as_str()));
                Self(Ok(Written { json, key: Some(key.clone()) }))
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
        let json = with_first_member(&written.json, &quoted(name), &quoted(text));
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
    pub(crate) fn bytes(&self) -> Result<Bytes, BuildError> {
        match &self.0 {
            Ok(written) => Ok(written.json.clone()),
            Err(WriteFault::Json(text)) => Err(BuildError::Body(serde_json::Error::custom(text))),
            Err(WriteFault::Field(field, reason)) => Err(BuildError::Field { field, reason }),
        }
    }
}

impl Written {
    fn of(json: Vec<u8>) -> Result<Self, (&'static str, &'static str)> {
        let mut keys =
            members(&json).ok_or(("document", "is not an object"))?.filter(|member| member.name == "_key");
        let Some(member) = keys.next() else { return Ok(Self { json: json.into(), key: None }) };
        if keys.next().is_some() {
            return Err(("_key", "is in the document twice"));
        }
        // `null` is read as no text.
        let text: Option<Cow<'_, str>> =
            serde_json::from_slice(&json[member.value]).map_err(|_| ("_key", "is not a string"))?;
        match text.as_deref() {
            None | Some("") => {
                let span = member.span;
                Ok(Self { json: without_member(json, span).into(), key: None })
            }
            Some(text) => {
                let key = Key::new(text).map_err(|invalid| ("_key", invalid.reason()))?;
                Ok(Self { json: json.into(), key: Some(key) })
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns the object with one member more, as its first.
fn with_first_member(json: &[u8], name: &str, value: &str) -> Bytes {
    let open = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
    let rest = json[open..].trim_ascii_start();
    let mut with = Vec::with_capacity(json.len() + name.len() + value.len() + 2);
    for part in [b"{", name.as_bytes(), b":", value.as_bytes()] {
        with.extend_from_slice(part);
    }
    if !rest.starts_with(b"}") {
        with.push(b',');
    }
    with.extend_from_slice(rest);
    with.into()
}

/// Returns the object without the member at `span`, and without one of the commas beside it.
fn without_member(mut json: Vec<u8>, span: Range<usize>) -> Vec<u8> {
    let comma_before = json[..span.start].iter().rposition(|byte| !byte.is_ascii_whitespace());
    let comma_after = json[span.end..].iter().position(|byte| !byte.is_ascii_whitespace());
    let start = match comma_before {
        Some(at) if json[at] == b',' => at,
        _ => span.start,
    };
    let end = match comma_after {
        Some(at) if json[span.end + at] == b',' && start == span.start => span.end + at + 1,
        _ => span.end,
    };
    json.drain(start..end);
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use serde_json::{Map, Value, json};
    use std::collections::{BTreeMap, HashMap};
    use std::error::Error;

    fn write(value: &impl Serialize, key: Option<&str>) -> Result<String, String> {
        let key = key.map(|key| Key::new(key).unwrap());
        match write_document(value, key.as_ref()) {
            Ok(body) => Ok(String::from_utf8(body.to_vec()).unwrap()),
            Err(error) => Err(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
        }
    }

    #[test]
    fn a_key_is_added_to_a_document_without_one() {
        assert_eq!(write(&json!({ "a": 1 }), Some("k")).unwrap(), r#"{"_key":"k","a":1}"#);
        assert_eq!(write(&json!({}), Some("k")).unwrap(), r#"{"_key":"k"}"#);
        assert_eq!(write(&json!({ "a": 1 }), None).unwrap(), r#"{"a":1}"#);
        assert_eq!(write(&json!({ "_key": "k" }), Some("k")).unwrap(), r#"{"_key":"k"}"#);
    }

    #[test]
    fn a_key_that_is_null_or_empty_counts_as_absent() {
        for raw in [
            r#"{"_key":null,"a":1}"#,
            r#"{"a":1,"_key":""}"#,
            r#"{ "_key" : null , "a":1}"#,
            r#"{"a":1 , "\u005fkey":null }"#,
        ] {
            let raw = RawValue::from_string(raw.to_owned()).unwrap();
            for (key, expected) in [(None, json!({ "a": 1 })), (Some("k"), json!({ "_key": "k", "a": 1 }))] {
                let written: Value = serde_json::from_str(&write(&raw, key).unwrap()).unwrap();
                assert_eq!(written, expected, "{raw}");
            }
        }
        assert_eq!(write(&json!({ "_key": null }), None).unwrap(), "{}");
        // Only the document's key, not that of an object within it.
        assert_eq!(write(&json!({ "a": { "_key": null } }), None).unwrap(), r#"{"a":{"_key":null}}"#);
    }

    #[test]
    fn a_key_that_the_server_would_refuse_is_refused_by_name() {
        let refused = |value: Value| write(&value, Some("k")).unwrap_err();
        assert_eq!(refused(json!({ "_key": "x" })), "`_key` of the document differs from the given key");
        assert_eq!(refused(json!({ "_key": 7 })), "`_key` is not a string");
        assert_eq!(refused(json!({ "_key": "a b" })), "`_key` contains a character that no key may contain");
        let twice = RawValue::from_string(r#"{"_key":"k","_key":"k"}"#.to_owned()).unwrap();
        assert_eq!(write(&twice, None).unwrap_err(), "`_key` is in the document twice");
    }

    #[test]
    fn only_an_object_is_a_document() {
        for value in [json!([]), json!(1), json!("{}"), json!(null)] {
            assert_eq!(write(&value, None).unwrap_err(), "`document` is not an object");
        }
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused_by_its_path() {
        #[derive(Serialize)]
        struct Price {
            net: f64,
        }
        #[derive(Serialize)]
        struct Order {
            prices: Vec<Price>,
            weights: HashMap<&'static str, f32>,
            #[serde(flatten)]
            more: BTreeMap<&'static str, (u8, Option<f64>)>,
            count: u128,
        }
        let order = |net, weight, more, count| Order {
            prices: vec![Price { net: 1.0 }, Price { net }],
            weights: HashMap::from([("gross", weight)]),
            more: BTreeMap::from([("size", (1, Some(more)))]),
            count,
        };
        let refused = |order: Order| write(&order, None).unwrap_err();
        assert_eq!(refused(order(f64::NAN, 1.0, 1.0, 1)), "`prices[1].net` is not a finite number");
        assert_eq!(refused(order(1.0, f32::INFINITY, 1.0, 1)), "`weights.gross` is not a finite number");
        assert_eq!(refused(order(1.0, 1.0, f64::NEG_INFINITY, 1)), "`size[1]` is not a finite number");
        assert_eq!(refused(order(1.0, 1.0, 1.0, u128::MAX)), "`count` is an integer of more than 64 bits");
        write(&order(1.0, 1.0, 1.0, 1), None).unwrap();
    }

    #[test]
    fn an_attribute_is_added_only_if_the_document_lacks_it() {
        let body = DocumentBody::new(&json!({ "a": 1 })).with_attribute("operation_id", "w", "x\"y");
        assert_eq!(body.bytes().unwrap(), r#"{"w":"x\"y","a":1}"#);
        assert_eq!(body.text("w").unwrap(), "x\"y");
        let error = body.with_attribute("operation_id", "a", "z").bytes().unwrap_err();
        assert_eq!(error.to_string(), "`operation_id` is an attribute of the document already");
    }

    proptest! {
        #[test]
        fn integers_keep_all_64_bits(signed: i64, unsigned: u64) {
            let written = write(&json!({ "s": signed, "u": unsigned }), None).unwrap();
            let read: BTreeMap<String, serde_json::Number> = serde_json::from_str(&written).unwrap();
            prop_assert_eq!((read["s"].as_i64(), read["u"].as_u64()), (Some(signed), Some(unsigned)));
        }

        #[test]
        fn a_document_is_written_as_it_is_but_for_its_key(
            before in prop::collection::btree_map("[a-c\"\\\\]{0,2}", ".{0,4}", 0..3),
            key in prop::option::of(prop_oneof![Just(Value::Null), Just(Value::from(""))]),
            given in prop::option::of("[a-z]{1,4}"),
        ) {
            let mut document: Map<String, Value> =
                before.into_iter().map(|(name, text)| (name, text.into())).collect();
            let mut expected = document.clone();
            document.extend(key.map(|key| ("_key".to_owned(), key)));
            expected.extend(given.clone().map(|key| ("_key".to_owned(), key.into())));
            let written = write(&document, given.as_deref()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Map<String, Value>>(&written).unwrap(), expected);
        }
    }
}
