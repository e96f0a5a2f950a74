//! Schemas of collections: a subset of JSON schema.
//!
//! | keyword | |
//! |---|---|
//! | `type`, `enum`, `const` | of any value |
//! | `properties`, `required`, `additionalProperties` | of objects |
//! | `items`, `minItems`, `maxItems` | of arrays; `items` is one schema |
//! | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum` | of numbers |
//! | `minLength`, `maxLength` | of strings, in characters |
//! | `title`, `description`, `$schema` | ignored |
//!
//! A schema with any other keyword is refused by name.

use std::cmp::Ordering;

use arango_test_aql::Value;
use serde_json::{Map, Value as Json};

use crate::http::reply::ApiError;

/// The schema of a collection.
#[derive(Debug)]
pub(crate) struct Schema {
    rule: Json,
    level: Level,
    message: String,
}

/// Which writes a schema checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    None,
    /// Inserts.
    New,
    /// Also changes of documents that were valid before.
    Moderate,
    Strict,
}

const KEYWORDS: [&str; 18] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "title",
    "description",
    "$schema",
];

const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

impl Schema {
    /// Reads `schema` of a collection.
    pub(crate) fn read(definition: &Json) -> Result<Self, ApiError> {
        let invalid = |what: &str| ApiError::new(400, 1621, format!("schema: {what}"));
        let rule = definition.get("rule").filter(|rule| rule.is_object());
        let rule = rule.ok_or_else(|| invalid("`rule` must be an object"))?.clone();
        check_keywords(&rule)?;
        let level = match definition.get("level").map(|level| level.as_str()) {
            None | Some(Some("strict")) => Level::Strict,
            Some(Some("moderate")) => Level::Moderate,
            Some(Some("new")) => Level::New,
            Some(Some("none")) => Level::None,
            Some(_) => return Err(invalid("`level` must be one of none, new, moderate, strict")),
        };
        let message = definition.get("message").and_then(Json::as_str).unwrap_or_default().to_owned();
        Ok(Self { rule, level, message })
    }

    /// Returns whether a document may be written in place of `old`.
    pub(crate) fn accepts(&self, new: &Value, old: Option<&Value>) -> bool {
        let is_valid = |document: &Value| matches(&self.rule, &document.to_json());
        match (self.level, old) {
            (Level::None, _) | (Level::New, Some(_)) => true,
            (Level::Moderate, Some(old)) => !is_valid(old) || is_valid(new),
            _ => is_valid(new),
        }
    }

    /// Returns the text of the error for a document that is not accepted.
    pub(crate) fn message(&self) -> &str {
        if self.message.is_empty() { "document validation failed" } else { &self.message }
    }
}

fn check_keywords(rule: &Json) -> Result<(), ApiError> {
    let Json::Object(rule) = rule else { return Ok(()) };
    let types = rule.get("type").into_iter();
    let mut types =
        types.flat_map(|types| types.as_array().map_or_else(|| std::slice::from_ref(types), Vec::as_slice));
    if let Some(unknown) = types.find(|kind| !kind.as_str().is_some_and(|kind| TYPES.contains(&kind))) {
        return Err(ApiError::new(400, 1621, format!("schema: unknown type {unknown}")));
    }
    if let Some(keyword) = rule.keys().find(|keyword| !KEYWORDS.contains(&keyword.as_str())) {
        let text = format!("sim: the keyword `{keyword}` of a schema is not modelled");
        return Err(ApiError::new(501, 9, text));
    }
    if rule.get("items").is_some_and(Json::is_array) {
        return Err(ApiError::new(
            501,
            9,
            "sim: the keyword `items` of a schema is not modelled with an array",
        ));
    }
    let nested = rule.get("properties").and_then(Json::as_object).into_iter().flat_map(Map::values);
    nested.chain(rule.get("items")).chain(rule.get("additionalProperties")).try_for_each(check_keywords)
}

fn matches(rule: &Json, value: &Json) -> bool {
    let Json::Object(rule) = rule else { return *rule != Json::Bool(false) };
    rule.iter().all(|(keyword, wanted)| keyword_matches(rule, keyword, wanted, value))
}

fn keyword_matches(rule: &Map<String, Json>, keyword: &str, wanted: &Json, value: &Json) -> bool {
    let size = |wanted: &Json, size: usize, is_in: fn(u64, u64) -> bool| {
        wanted.as_u64().is_none_or(|wanted| is_in(size as u64, wanted))
    };
    match (keyword, value) {
        ("type", _) => match wanted {
            Json::Array(types) => types.iter().any(|wanted| has_type(wanted, value)),
            wanted => has_type(wanted, value),
        },
        ("enum", _) => wanted.as_array().is_none_or(|values| values.iter().any(|one| equal(one, value))),
        ("const", _) => equal(wanted, value),
        ("properties", Json::Object(object)) => wanted.as_object().is_none_or(|rules| {
            rules.iter().all(|(name, rule)| object.get(name).is_none_or(|value| matches(rule, value)))
        }),
        ("required", Json::Object(object)) => wanted
            .as_array()
            .is_none_or(|names| names.iter().filter_map(Json::as_str).all(|name| object.contains_key(name))),
        ("additionalProperties", Json::Object(object)) => {
            let named = rule.get("properties").and_then(Json::as_object);
            let is_system = |name: &str| ["_id", "_key", "_rev", "_from", "_to"].contains(&name);
            let is_named =
                |name: &str| named.is_some_and(|named| named.contains_key(name)) || is_system(name);
            object.iter().filter(|(name, _)| !is_named(name)).all(|(_, value)| matches(wanted, value))
        }
        ("items", Json::Array(items)) => items.iter().all(|item| matches(wanted, item)),
        ("minItems", Json::Array(items)) => size(wanted, items.len(), |size, wanted| size >= wanted),
        ("maxItems", Json::Array(items)) => size(wanted, items.len(), |size, wanted| size <= wanted),
        ("minLength", Json::String(text)) => {
            size(wanted, text.chars().count(), |size, wanted| size >= wanted)
        }
        ("maxLength", Json::String(text)) => {
            size(wanted, text.chars().count(), |size, wanted| size <= wanted)
        }
        ("minimum", Json::Number(_)) => order(value, wanted) != Some(Ordering::Less),
        ("maximum", Json::Number(_)) => order(value, wanted) != Some(Ordering::Greater),
        ("exclusiveMinimum", Json::Number(_)) => order(value, wanted) == Some(Ordering::Greater),
        ("exclusiveMaximum", Json::Number(_)) => order(value, wanted) == Some(Ordering::Less),
        _ => true,
    }
}

fn has_type(wanted: &Json, value: &Json) -> bool {
    match wanted.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

fn equal(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
        _ => one == other,
    }
}

fn order(value: &Json, bound: &Json) -> Option<Ordering> {
    value.as_f64()?.partial_cmp(&bound.as_f64()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepts(rule: &Json, document: Json) -> bool {
        Schema::read(&json!({ "rule": rule })).unwrap().accepts(&Value::from(document), None)
    }

    #[test]
    fn each_keyword_accepts_and_rejects() {
        for (rule, good, bad) in [
            (json!({ "properties": { "a": { "type": "integer" } } }), json!({ "a": 1 }), json!({ "a": 1.5 })),
            (
                json!({ "properties": { "a": { "type": ["string", "null"] } } }),
                json!({ "a": null }),
                json!({ "a": 1 }),
            ),
            (json!({ "required": ["a"] }), json!({ "a": 1 }), json!({})),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "a": 1, "_key": "k" }),
                json!({ "b": 1 }),
            ),
            (json!({ "additionalProperties": { "type": "string" } }), json!({ "b": "x" }), json!({ "b": 1 })),
            (
                json!({ "properties": { "a": { "items": { "maximum": 6 }, "maxItems": 2 } } }),
                json!({ "a": [6] }),
                json!({ "a": [7] }),
            ),
            (json!({ "properties": { "a": { "enum": [1, "x"] } } }), json!({ "a": "x" }), json!({ "a": 2 })),
            (json!({ "properties": { "a": { "minLength": 2 } } }), json!({ "a": "ää" }), json!({ "a": "ä" })),
            (
                json!({ "properties": { "a": { "exclusiveMinimum": 1 } } }),
                json!({ "a": 2 }),
                json!({ "a": 1 }),
            ),
        ] {
            assert!(accepts(&rule, good.clone()), "{rule} {good}");
            assert!(!accepts(&rule, bad.clone()), "{rule} {bad}");
        }
    }

    #[test]
    fn a_keyword_that_is_not_modelled_is_refused_by_name() {
        let refused =
            Schema::read(&json!({ "rule": { "properties": { "a": { "pattern": "x" } } } })).unwrap_err();
        assert_eq!((refused.status, refused.message.contains("`pattern`")), (501, true));
    }

    #[test]
    fn the_level_decides_which_writes_are_checked() {
        let rule = json!({ "required": ["a"] });
        let accepts = |level: &str, old: Json| {
            let schema = Schema::read(&json!({ "rule": rule, "level": level })).unwrap();
            schema.accepts(&Value::from(json!({})), Some(&Value::from(old)))
        };
        assert!(accepts("none", json!({ "a": 1 })) && accepts("new", json!({ "a": 1 })));
        assert!(accepts("moderate", json!({})) && !accepts("moderate", json!({ "a": 1 })));
        assert!(!accepts("strict", json!({})));
    }

    #[test]
    fn unknown_types_are_refused_at_any_depth() {
        let read = |kind: Json| Schema::read(&json!({ "rule": { "properties": { "a": { "type": kind } } } }));
        assert!(read(json!(["string", "null"])).is_ok());
        for kind in [json!("text"), json!(["string", "text"]), json!(1)] {
            assert_eq!(read(kind).unwrap_err().error_num, 1621);
        }
    }
}
