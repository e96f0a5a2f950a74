//! Computed values: attributes that a collection derives from a document when it is written.

use std::sync::Arc;

use arango_test_aql::{
    CollectionKind, Object, Options, Query, QueryError, ReadDocuments, Scan, Store, Value, WriteOptions,
    Written,
};
use serde_json::{Map, Value as Json};

use super::error::DocumentError;
use super::sequence::Revision;
use crate::http::reply::ApiError;

/// What a write does with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteKind {
    Insert,
    Update,
    Replace,
}

/// A write of a document, as far as it matters for computed values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) kind: WriteKind,
    /// The key that the document has or gets.
    pub(crate) key: &'a str,
    /// The revision that the document gets.
    pub(crate) revision: Revision,
    /// Milliseconds since 1970.
    pub(crate) now_ms: i64,
    /// The seed of random values.
    pub(crate) seed: u64,
}

/// Functions that no computed value may call, because a DB-Server cannot run them or because they read documents.
const FORBIDDEN: [&str; 10] = [
    "APPLY",
    "CALL",
    "COLLECTION_COUNT",
    "CURRENT_DATABASE",
    "CURRENT_USER",
    "DOCUMENT",
    "FULLTEXT",
    "NEAR",
    "SLEEP",
    "WITHIN",
];

/// One computed value.
#[derive(Debug)]
pub(crate) struct ComputedValue {
    name: Arc<str>,
    query: Query,
    overwrite: bool,
    keep_null: bool,
    fail_on_warning: bool,
    on: Vec<WriteKind>,
}

impl ComputedValue {
    /// Reads one of `computedValues`.
    fn read(definition: &Json) -> Result<Self, ApiError> {
        let invalid = |what: &str| ApiError::bad_parameter(format!("computed value: {what}"));
        let text = |name: &str| definition.get(name).and_then(Json::as_str);
        let name =
            text("name").filter(|name| !name.is_empty()).ok_or_else(|| invalid("`name` is missing"))?;
        if ["_id", "_key", "_rev", "_from", "_to"].contains(&name) {
            return Err(invalid("a system attribute cannot be computed"));
        }
        let expression = text("expression").ok_or_else(|| invalid("`expression` is missing"))?;
        let overwrite = definition.get("overwrite").and_then(Json::as_bool);
        let overwrite = overwrite.ok_or_else(|| invalid("`overwrite` is missing"))?;
        let refusal = |error: QueryError| {
            if error.is_not_implemented() {
                ApiError::of_number(error.number, error.message)
            } else {
                invalid(&error.to_string())
            }
        };
        let query = Query::parse(expression).map_err(refusal)?;
        if !query.is_expression()
            || query.collections().next().is_some()
            || query.bind_parameters().any(|name| name != "doc")
        {
            return Err(invalid(
                "`expression` must be a RETURN without subqueries that uses no more than @doc",
            ));
        }
        if let Some(name) = query.functions().find(|name| FORBIDDEN.contains(name)) {
            return Err(invalid(&format!("`expression` must not call {name}")));
        }
        let flag =
            |name: &str, default: bool| definition.get(name).and_then(Json::as_bool).unwrap_or(default);
        Ok(Self {
            name: name.into(),
            query,
            overwrite,
            keep_null: flag("keepNull", true),
            fail_on_warning: flag("failOnWarning", false),
            on: moments(definition.get("computeOn"))?,
        })
    }

    /// Reads `computedValues`. Each name occurs once, and none is a shard key.
    pub(crate) fn read_all(definitions: &[Json], shard_keys: &[String]) -> Result<Vec<Self>, ApiError> {
        let mut values: Vec<Self> = Vec::with_capacity(definitions.len());
        for definition in definitions {
            let value = Self::read(definition)?;
            let invalid = |what| ApiError::bad_parameter(format!("computed value: {what} `{}`", value.name));
            if shard_keys.iter().any(|key| **key == *value.name) {
                return Err(invalid("a shard key cannot be computed:"));
            }
            if values.iter().any(|other| other.name == value.name) {
                return Err(invalid("duplicate name"));
            }
            values.push(value);
        }
        Ok(values)
    }

    /// Returns whether a write sets the attribute in a document with these attributes.
    pub(super) fn is_due(&self, attributes: &Object, kind: WriteKind) -> bool {
        self.on.contains(&kind) && (self.overwrite || !attributes.contains(&self.name))
    }

    /// Computes the value from a document.
    pub(super) fn compute(&self, document: &Json, seed: u64, now_ms: i64) -> Result<Value, DocumentError> {
        let mut parameters = Map::new();
        if self.query.bind_parameters().next().is_some() {
            parameters.insert("doc".to_owned(), document.clone());
        }
        let options = Options { now_ms, seed, fail_on_warning: self.fail_on_warning, ..Options::default() };
        let value = self
            .query
            .bind(&parameters)
            .and_then(|prepared| prepared.run(NoCollections, options)?.next().unwrap_or(Ok(Value::Null)));
        value.map_err(|error| DocumentError::new(error.number, error.message))
    }

    /// Sets the attribute to a value that was computed. It becomes the last one.
    pub(super) fn store(&self, value: &Value, attributes: &mut Object) {
        attributes.remove(&self.name);
        if !value.is_null() || self.keep_null {
            attributes.set(self.name.clone(), value.resolve().clone());
        }
    }
}

fn moments(on: Option<&Json>) -> Result<Vec<WriteKind>, ApiError> {
    let Some(on) = on else { return Ok(vec![WriteKind::Insert, WriteKind::Update, WriteKind::Replace]) };
    let invalid = || ApiError::bad_parameter("computed value: invalid `computeOn`");
    let names = on.as_array().filter(|names| !names.is_empty()).ok_or_else(invalid)?;
    let moments = names.iter().map(|name| match name.as_str() {
        Some("insert") => Ok(WriteKind::Insert),
        Some("update") => Ok(WriteKind::Update),
        Some("replace") => Ok(WriteKind::Replace),
        _ => Err(invalid()),
    });
    moments.collect()
}

/// An expression reads no collections.
struct NoCollections;

fn unreachable_collection<T>() -> Result<T, QueryError> {
    Err(QueryError::not_implemented("collections in computed values"))
}

impl ReadDocuments for NoCollections {
    fn kind(&self, _: &str) -> Option<CollectionKind> {
        None
    }

    fn get(&self, _: &str, _: &str) -> Result<Option<Value>, QueryError> {
        unreachable_collection()
    }

    fn count(&self, _: &str) -> Result<u64, QueryError> {
        unreachable_collection()
    }
}

impl Store for NoCollections {
    fn scan(&self, _: &str) -> Result<Scan, QueryError> {
        unreachable_collection()
    }

    fn insert(&mut self, _: &str, _: &Value, _: &WriteOptions) -> Result<Written, QueryError> {
        unreachable_collection()
    }

    fn update(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Result<Written, QueryError> {
        unreachable_collection()
    }

    fn replace(&mut self, _: &str, _: &str, _: &Value, _: &WriteOptions) -> Result<Written, QueryError> {
        unreachable_collection()
    }

    fn remove(&mut self, _: &str, _: &str, _: &WriteOptions) -> Result<Written, QueryError> {
        unreachable_collection()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(definition: &Json, document: &str, kind: WriteKind) -> String {
        let value = Value::from_json(document.as_bytes()).unwrap();
        let mut object = value.as_object().unwrap().clone();
        let computed = ComputedValue::read(definition).unwrap();
        if computed.is_due(&object, kind) {
            computed.store(&computed.compute(&value.to_json(), 0, 0).unwrap(), &mut object);
        }
        Value::object(object).to_json_string()
    }

    #[test]
    fn a_value_is_computed_from_the_document_when_it_is_written() {
        let full = json!({ "name": "full", "expression": "RETURN CONCAT(@doc.a, @doc.b)", "overwrite": false, "computeOn": ["insert"] });
        assert_eq!(
            applied(&full, r#"{"a":"x","b":"y"}"#, WriteKind::Insert),
            r#"{"a":"x","b":"y","full":"xy"}"#
        );
        assert_eq!(applied(&full, r#"{"a":"x","full":1}"#, WriteKind::Insert), r#"{"a":"x","full":1}"#);
        assert_eq!(applied(&full, r#"{"a":"x"}"#, WriteKind::Replace), r#"{"a":"x"}"#);
    }

    #[test]
    fn an_expression_that_does_more_than_calculate_from_the_document_is_refused() {
        for expression in [
            "FOR d IN books RETURN d",
            "RETURN @x",
            "RETURN 1 +",
            "INSERT {} INTO books",
            "LET x = 1 RETURN x",
            "FOR i IN 1..3 RETURN i",
            "RETURN (RETURN 1)",
            "RETURN FIRST(FOR i IN 1..3 RETURN i)",
            "RETURN LENGTH(books)",
            "RETURN CALL('RAND')",
            "RETURN [APPLY('SUM', [[1]])]",
            "RETURN CURRENT_USER()",
            "RETURN current_database()",
            "RETURN DOCUMENT('books/a')",
            "RETURN COLLECTION_COUNT('books')",
            "RETURN SLEEP(0)",
        ] {
            let definition = json!({ "name": "x", "expression": expression, "overwrite": true });
            let refused = ComputedValue::read(&definition).unwrap_err();
            assert_eq!((refused.status, refused.error_num), (400, 10), "{expression}");
        }
    }

    #[test]
    fn names_occur_once_and_are_no_shard_keys() {
        let value = |name: &str| json!({ "name": name, "expression": "RETURN 1", "overwrite": true });
        let read = |values: &[Json]| ComputedValue::read_all(values, &["country".to_owned()]);

        assert_eq!(read(&[value("a"), value("b")]).unwrap().len(), 2);
        assert!(read(&[value("a"), value("a")]).is_err());
        assert!(read(&[value("country")]).is_err());
        let never = json!({ "name": "a", "expression": "RETURN 1", "overwrite": true, "computeOn": [] });
        assert_eq!(read(&[never]).unwrap_err().error_num, 10);
    }
}
