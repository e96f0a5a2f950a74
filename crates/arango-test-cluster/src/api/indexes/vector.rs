//! Definitions of vector indexes.

use serde_json::{Map, Value, json};

use super::definition::invalid;
use crate::config::version::Version;
use crate::http::reply::ApiError;

/// Checks the parameters of a vector index, and adds those that are not given.
pub(super) fn complete(version: &Version, body: &Value) -> Result<Value, ApiError> {
    let given =
        body.get("params").and_then(Value::as_object).ok_or_else(|| invalid("`params` is missing"))?;
    let mut params = Map::new();
    for (name, value) in given {
        let is_valid = match name.as_str() {
            "metric" => match value.as_str() {
                Some("cosine" | "l2") => true,
                Some("innerProduct") => version.at_least(3, 12, 6),
                _ => false,
            },
            "dimension" | "nLists" | "defaultNProbe" | "trainingIterations" => {
                value.as_u64().is_some_and(|number| number > 0)
            }
            "factory" => value.as_str().is_some_and(|factory| factory.starts_with("IVF")),
            _ => {
                let text = format!("sim: the parameter `{name}` of a vector index is not modelled");
                return Err(ApiError::new(501, 9, text));
            }
        };
        if !is_valid {
            return Err(invalid(format!("invalid value of `{name}` in the parameters of a vector index")));
        }
        params.insert(name.clone(), value.clone());
    }
    for required in ["metric", "dimension", "nLists"] {
        if !params.contains_key(required) {
            return Err(invalid(format!("`{required}` is missing in the parameters of a vector index")));
        }
    }
    params.entry("defaultNProbe").or_insert_with(|| json!(1));
    params.entry("trainingIterations").or_insert_with(|| json!(25));
    if body.get("storedValues").is_some() && !version.at_least(3, 12, 7) {
        return Err(ApiError::new(
            501,
            9,
            "sim: `storedValues` of a vector index is not modelled before 3.12.7",
        ));
    }
    let mut body = body.clone();
    body["params"] = Value::Object(params);
    Ok(body)
}
