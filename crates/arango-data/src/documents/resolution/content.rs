//! Comparing the content of a write with a stored document.

use bytes::Bytes;
use serde_json::{Map, Number, Value};

use super::stored::StoredDocument;

/// The attributes that are the server's.
const SYSTEM_ATTRIBUTES: [&str; 3] = ["_key", "_id", "_rev"];

/// How the content of a write becomes that of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::documents) enum Comparison {
    /// The document has exactly the written attributes.
    Whole,
    /// The written attributes are merged into the document.
    Merged,
    /// As [`Merged`](Self::Merged), but objects within it are replaced as a whole.
    MergedAtTop,
}

/// How a stored document resembles the content of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::documents) enum Likeness {
    /// It has the content.
    Same,
    /// It has the written attributes, and others that it should not have.
    Completed,
    /// It lacks an attribute, or has another value.
    Different,
}

/// The content of a write.
#[derive(Debug, Clone)]
pub(in crate::documents) struct Content {
    pub(in crate::documents) json: Bytes,
    pub(in crate::documents) comparison: Comparison,
    /// Whether an attribute with `null` is removed instead.
    pub(in crate::documents) removes_nulls: bool,
    /// Whether another write may have the same content.
    pub(in crate::documents) is_common: bool,
}

impl Content {
    /// Compares a stored document with the content.
    pub(in crate::documents) fn likeness(&self, stored: StoredDocument<'_>) -> Likeness {
        let (Ok(sent), Ok(stored)) =
            (serde_json::from_slice(&self.json), serde_json::from_str(stored.json()))
        else {
            return Likeness::Different;
        };
        let (sent, stored) = (without_system_attributes(sent), without_system_attributes(stored));
        match self.comparison {
            _ if !self.is_in(&stored, &sent) => Likeness::Different,
            Comparison::Whole if sent.len() != stored.len() => Likeness::Completed,
            _ => Likeness::Same,
        }
    }

    /// Returns whether `stored` has every attribute of `sent`.
    fn is_in(&self, stored: &Map<String, Value>, sent: &Map<String, Value>) -> bool {
        sent.iter().all(|(name, sent)| match (stored.get(name), sent) {
            (None, Value::Null) => self.removes_nulls,
            (None, _) => false,
            (Some(Value::Object(stored)), Value::Object(sent)) if self.comparison == Comparison::Merged => {
                self.is_in(stored, sent)
            }
            (Some(stored), sent) => is_equal(stored, sent),
        })
    }
}

fn without_system_attributes(mut document: Map<String, Value>) -> Map<String, Value> {
    document.retain(|name, _| !SYSTEM_ATTRIBUTES.contains(&name.as_str()));
    document
}

fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => is_equal_number(a, b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_equal(a, b)))
        }
        _ => a == b,
    }
}

/// Returns whether two numbers are the same: the server may write `1.0` as `1`.
fn is_equal_number(a: &Number, b: &Number) -> bool {
    a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    fn likeness(comparison: Comparison, sent: &Value, stored: &Value) -> Likeness {
        let content =
            Content { json: sent.to_string().into(), comparison, removes_nulls: false, is_common: false };
        content.likeness(StoredDocument(&to_raw_value(stored).unwrap()))
    }

    fn is_in(comparison: Comparison, sent: &Value, stored: &Value) -> bool {
        likeness(comparison, sent, stored) == Likeness::Same
    }

    #[test]
    fn a_whole_document_has_exactly_the_written_attributes() {
        let stored = json!({ "_key": "k", "_id": "c/k", "_rev": "_a", "a": 1, "b": [1, { "c": null }] });
        assert!(is_in(
            Comparison::Whole,
            &json!({ "_key": "k", "a": 1.0, "b": [1, { "c": null }] }),
            &stored
        ));
        assert_eq!(likeness(Comparison::Whole, &json!({ "a": 1 }), &stored), Likeness::Completed);
        assert!(!is_in(Comparison::Whole, &json!({ "a": 2, "b": [1, { "c": null }] }), &stored));
    }

    #[test]
    fn a_patch_is_merged_at_every_level_or_only_at_the_top() {
        let stored = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
        assert!(is_in(Comparison::Merged, &json!({ "a": { "b": 1 } }), &stored));
        assert!(!is_in(Comparison::MergedAtTop, &json!({ "a": { "b": 1 } }), &stored));
        assert!(is_in(Comparison::MergedAtTop, &json!({ "a": { "b": 1, "c": 2 } }), &stored));
        assert!(!is_in(Comparison::Merged, &json!({ "a": { "b": 2 } }), &stored));
    }

    #[test]
    fn a_null_is_a_missing_attribute_only_if_the_write_removes_it() {
        let stored = to_raw_value(&json!({ "b": 1 })).unwrap();
        for (removes_nulls, expected) in [(true, Likeness::Same), (false, Likeness::Different)] {
            let json = json!({ "a": null }).to_string().into();
            let content = Content { json, comparison: Comparison::Merged, removes_nulls, is_common: false };
            assert_eq!(content.likeness(StoredDocument(&stored)), expected);
        }
        assert!(!is_in(Comparison::Whole, &json!({ "a": null, "b": 1 }), &json!({ "b": 1, "c": 2 })));
        assert!(is_in(Comparison::Merged, &json!({ "a": null }), &json!({ "a": null })));
        assert!(!is_in(Comparison::Merged, &json!({ "a": null }), &json!({ "a": 1 })));
    }

    #[test]
    fn large_integers_that_differ_are_not_equal() {
        let (a, b) = (json!({ "n": u64::MAX }), json!({ "n": u64::MAX - 1 }));
        assert!(is_in(Comparison::Whole, &a, &a) && !is_in(Comparison::Whole, &a, &b));
    }
}
