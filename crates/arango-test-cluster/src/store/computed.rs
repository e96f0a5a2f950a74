//! Computed values: attributes that a collection derives from a document when it is written.

use std::sync::Arc;

use arango_test_aql::{
    CollectionKind, Object, Options, Query, QueryError, ReadDocuments, Scan, Store, Value, WriteOptions,
    Written,
};
use serde_json::{Map, Value as Json};

use super::error::DocumentError;
use crate::http::reply::ApiError;

/// What a write does with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteKind {
    Insert,
    Update,
    Replace,
}

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
        let is_expression = expression.trim_start().to_ascii_uppercase().starts_with("RETURN");
        let binds: Vec<&str> = query.bind_parameters().collect();
        if !is_expression
            || query.is_modification()
            || query.collections().next().is_some()
            || binds.iter().any(|name| *name != "doc")
        {
            return Err(invalid("`expression` must be a RETURN that uses no more than @doc"));
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

    /// Sets the attribute in a document that is written.
    pub(crate) fn apply(&self, document: &mut Object, kind: WriteKind) -> Result<(), DocumentError> {
        if !self.on.contains(&kind) || (!self.overwrite && document.contains(&self.name)) {
            return Ok(());
        }
        let mut parameters = Map::new();
        if self.query.bind_parameters().next().is_some() {
            parameters.insert("doc".to_owned(), Value::object(document.clone()).to_json());
        }
        let options = Options { fail_on_warning: self.fail_on_warning, ..Options::default() };
        let value = self
            .query
            .bind(&parameters)
            .and_then(|prepared| prepared.run(NoCollections, options)?.next().unwrap_or(Ok(Value::Null)));
        let value = value.map_err(|error| DocumentError::new(error.number, error.message))?;
        if value.is_null() && !self.keep_null {
            document.remove(&self.name);
        } else {
            document.set(self.name.clone(), value.resolve().clone());
        }
        Ok(())
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
        ComputedValue::read(definition).unwrap().apply(&mut object, kind).unwrap();
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
    fn an_expression_that_reads_or_writes_collections_is_refused() {
        for expression in ["FOR d IN books RETURN d", "RETURN @x", "RETURN 1 +", "INSERT {} INTO books"] {
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
