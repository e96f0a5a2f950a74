//! Values for bind parameters, and what they decide.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Access, CollectionName, Facts};
use crate::error::{QueryError, number};
use crate::value::Value;

/// The values of bind parameters and the names of collections, by their numbers.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) values: Vec<Value>,
    pub(crate) collections: Vec<Arc<str>>,
}

/// Assigns values to bind parameters.
///
/// # Errors
/// If one is missing (1551), not used by the query (1552) or of a wrong type (1553), if the name of a collection is empty
/// (1208), or if the query uses a collection after writing to it (1579).
pub(crate) fn bind(
    facts: &Facts,
    parameters: &serde_json::Map<String, serde_json::Value>,
) -> Result<Binding, QueryError> {
    let mut values = Vec::with_capacity(facts.binds.len());
    for name in &facts.binds {
        let Some(value) = parameters.get(&**name) else {
            let message = format!("no value specified for declared bind parameter '{name}'");
            return Err(QueryError::new(number::BIND_PARAMETER_MISSING, message));
        };
        values.push(constant(value));
    }
    if let Some(name) = parameters.keys().find(|name| !facts.has_bind(name)) {
        let message = format!("bind parameter '{name}' was not declared in the query");
        return Err(QueryError::new(number::BIND_PARAMETER_UNDECLARED, message));
    }
    for bind in &facts.attribute_binds {
        let is_name = |value: &Value| value.as_str().is_some_and(|name| !name.is_empty());
        let value = &values[*bind];
        let is_path = value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(is_name));
        if !is_name(value) && !is_path {
            return Err(wrong_type(&facts.binds[*bind]));
        }
    }
    let collections = facts.collections.iter().map(|collection| match &collection.name {
        CollectionName::Literal(name) => Ok(name),
        CollectionName::Bind(bind) => match &values[*bind] {
            Value::String(name) => Ok(name),
            _ => Err(wrong_type(&facts.binds[*bind])),
        },
    });
    let collections = collections.map(|name| match name?.clone() {
        name if name.is_empty() => Err(QueryError::new(number::ILLEGAL_NAME, "illegal name")),
        name => Ok(name),
    });
    let collections: Vec<Arc<str>> = collections.collect::<Result<_, _>>()?;
    check_order(&facts.accesses, &collections)?;
    Ok(Binding { values, collections })
}

/// Returns the value of a bind parameter. As in a literal, an integer above [`i64::MAX`] is a double.
fn constant(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Number(number) if number.as_i64().is_none() => {
            number.as_f64().map_or(Value::Null, Value::double)
        }
        Json::Array(items) => Value::array(items.iter().map(constant).collect()),
        Json::Object(attributes) => {
            let attributes = attributes.iter();
            let attributes = attributes.map(|(name, value)| (Arc::from(name.as_str()), constant(value)));
            Value::object(attributes.collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Value::from(json.clone()),
    }
}

fn wrong_type(name: &str) -> QueryError {
    let message = format!("bind parameter '{name}' has an invalid value or type");
    QueryError::new(number::BIND_PARAMETER_TYPE, message)
}

/// Checks that nothing is read or written after a write that could change it.
///
/// A subquery may write to a collection that a loop around it reads.
fn check_order(accesses: &[Access], collections: &[Arc<str>]) -> Result<(), QueryError> {
    let mut written: HashSet<&str> = HashSet::new();
    for access in accesses {
        match access {
            Access::Read(collection) | Access::Write(collection) => {
                let name = &*collections[*collection];
                if written.contains(name) {
                    return Err(access_after_modification(&format!("collection '{name}'")));
                }
                if matches!(access, Access::Write(_)) {
                    written.insert(name);
                }
            }
            Access::Function(name) if !written.is_empty() => {
                return Err(access_after_modification(&format!("function {name}")));
            }
            Access::Traversal if !written.is_empty() => {
                return Err(access_after_modification("traversal"));
            }
            Access::Function(_) | Access::Traversal => {}
        }
    }
    Ok(())
}

fn access_after_modification(what: &str) -> QueryError {
    QueryError::new(number::ACCESS_AFTER_MODIFICATION, format!("access after data-modification by {what}"))
}
