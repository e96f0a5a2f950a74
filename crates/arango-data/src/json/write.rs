//! Writing the JSON of one document.

use arango_protocol::BuildError;
use bytes::Bytes;
use serde::Serialize;

use super::body::DocumentBody;
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
/// assert_eq!(body, r#"{"title":"Dune","_key":"dune"}"#);
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
    .shared()
    .to_bytes()
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
        assert_eq!(write(&json!({ "a": 1 }), Some("k")).unwrap(), r#"{"a":1,"_key":"k"}"#);
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
        assert_eq!(body.clone().to_bytes().unwrap(), r#"{"w":"x\"y","a":1}"#);
        assert_eq!(body.text("w").unwrap(), "x\"y");
        let error = body.with_attribute("operation_id", "a", "z").to_bytes().unwrap_err();
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
