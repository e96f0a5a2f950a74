//! Partial updates.

use arango_test_aql::{Object, Value};

use super::document::is_system;

/// Merges a patch into the attributes of a document.
///
/// Objects are merged, or replaced with `merges_objects` false. Without `keeps_null` a `null` in the patch removes the
/// attribute.
pub(super) fn merge(old: &Object, patch: &Object, keeps_null: bool, merges_objects: bool) -> Object {
    let attributes = patch.iter().filter(|(name, _)| !is_system(name));
    merge_all(old, attributes, keeps_null, merges_objects)
}

fn merge_all<'a>(
    old: &Object,
    patch: impl Iterator<Item = (&'a std::sync::Arc<str>, &'a Value)>,
    keeps_null: bool,
    merges_objects: bool,
) -> Object {
    let mut result = old.clone();
    for (name, value) in patch {
        if value.is_null() && !keeps_null {
            result.remove(name);
            continue;
        }
        let value = match (result.get(name).and_then(Value::as_object), value.as_object()) {
            (Some(old), Some(patch)) if merges_objects => {
                Value::object(merge_all(old, patch.iter(), keeps_null, merges_objects))
            }
            (_, Some(patch)) if !keeps_null => {
                Value::object(merge_all(&Object::new(), patch.iter(), keeps_null, merges_objects))
            }
            _ => value.clone(),
        };
        result.set(name.clone(), value);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(old: &str, patch: &str, keeps_null: bool, merges_objects: bool) -> String {
        let read = |json: &str| Value::from_json(json.as_bytes()).unwrap().as_object().unwrap().clone();
        Value::object(merge(&read(old), &read(patch), keeps_null, merges_objects)).to_json_string()
    }

    #[test]
    fn null_is_kept_or_removes_the_attribute_at_any_level() {
        let (old, patch) = (r#"{"a":1,"b":{"c":1,"d":2}}"#, r#"{"a":null,"b":{"c":null}}"#);
        assert_eq!(merged(old, patch, true, true), r#"{"a":null,"b":{"c":null,"d":2}}"#);
        assert_eq!(merged(old, patch, false, true), r#"{"b":{"d":2}}"#);
        assert_eq!(merged("{}", r#"{"n":{"x":null,"y":[null]}}"#, false, true), r#"{"n":{"y":[null]}}"#);
    }

    #[test]
    fn objects_are_merged_or_replaced() {
        let (old, patch) = (r#"{"b":{"c":1,"d":2}}"#, r#"{"b":{"c":3}}"#);
        assert_eq!(merged(old, patch, true, true), r#"{"b":{"c":3,"d":2}}"#);
        assert_eq!(merged(old, patch, true, false), r#"{"b":{"c":3}}"#);
    }

    #[test]
    fn system_attributes_of_a_patch_do_not_count() {
        assert_eq!(
            merged(r#"{"_key":"a"}"#, r#"{"_key":"b","_rev":"x","_id":"y"}"#, true, true),
            r#"{"_key":"a"}"#
        );
    }
}
