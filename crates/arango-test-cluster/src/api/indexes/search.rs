//! Definitions of inverted indexes.

use serde_json::{Map, Value, json};

use super::definition::invalid;
use crate::api::Call;
use crate::api::analyzers::{self, FEATURES};
use crate::http::reply::ApiError;

/// The options of a field.
const OF_FIELDS: &[&str] = &[
    "name",
    "analyzer",
    "features",
    "includeAllFields",
    "searchField",
    "trackListPositions",
    "cache",
    "nested",
];

/// The options that a field has from its index, or from the field around it.
type Options = Map<String, Value>;

/// Checks an inverted index. Fields and columns that are names become objects, as in the responses of a server.
pub(super) fn complete(
    call: &Call<'_>,
    fields: Vec<Value>,
    body: &Value,
) -> Result<(Vec<Value>, Value), ApiError> {
    let mut body = body.clone();
    check_features(&body)?;
    let defaults = json!({
        "analyzer": "identity", "includeAllFields": false, "searchField": false, "trackListPositions": false,
        "cache": false,
    });
    let of_index = effective(call, body.as_object(), defaults.as_object().cloned().unwrap_or_default())?;
    for (option, value) in &of_index {
        body[option] = value.clone();
    }
    let fields = fields.into_iter().map(|one| field(call, one, &of_index)).collect::<Result<_, _>>()?;
    if let Some(sort) = body.get("primarySort") {
        body["primarySort"] = primary_sort(sort)?;
    }
    if let Some(values) = body.get("storedValues") {
        let columns = values.as_array().ok_or_else(|| invalid("`storedValues` must be an array"))?;
        body["storedValues"] = columns.iter().map(column).collect::<Result<_, _>>()?;
    }
    if body.get("optimizeTopK").is_some() && !call.version.at_least(3, 12, 0) {
        return Err(ApiError::new(501, 9, "sim: `optimizeTopK` is not modelled before 3.12"));
    }
    Ok((fields, body))
}

/// Refuses other attributes than these.
fn require_known(object: &Map<String, Value>, known: &[&str]) -> Result<(), ApiError> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            Err(ApiError::new(501, 9, format!("sim: `{name}` within an inverted index is not modelled")))
        }
        None => Ok(()),
    }
}

/// Returns the options of an index or of a field, with those that it inherits.
fn effective(call: &Call<'_>, own: Option<&Options>, inherited: Options) -> Result<Options, ApiError> {
    let mut all = inherited;
    let own = own.into_iter().flatten();
    let own: Options = own
        .filter(|(name, _)| *name == "features" || all.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let has_features = own.contains_key("features");
    let has_analyzer = own.contains_key("analyzer") || !all.contains_key("features");
    all.extend(own);
    let name = all.get("analyzer").and_then(Value::as_str).unwrap_or_default();
    let unknown = || invalid(format!("unknown analyzer '{name}'"));
    let (reported, features) = analyzers::in_index(call, name).ok_or_else(unknown)?;
    all.insert("analyzer".to_owned(), reported.into());
    if has_analyzer && !has_features {
        all.insert("features".to_owned(), features.into());
    }
    // They are a set, and reported in this order.
    let is_set = |feature: &&&str| {
        all.get("features")
            .and_then(Value::as_array)
            .is_some_and(|set| set.iter().any(|one| one == **feature))
    };
    let features: Value = FEATURES.iter().filter(is_set).copied().collect();
    all.insert("features".to_owned(), features);
    Ok(all)
}

/// Completes a field, which is reported with the options in which it differs from what it inherits.
fn field(call: &Call<'_>, field: Value, inherited: &Options) -> Result<Value, ApiError> {
    let mut object = match field {
        Value::String(name) => return Ok(json!({ "name": name })),
        Value::Object(object) => object,
        _ => return Err(invalid("a field must be a name or an object")),
    };
    require_known(&object, OF_FIELDS)?;
    if object.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(invalid("a field has no name"));
    }
    check_features(&Value::Object(object.clone()))?;
    let options = effective(call, Some(&object), inherited.clone())?;
    let mut reported = json!({ "name": object["name"] });
    for (option, value) in options.iter().filter(|(option, value)| inherited.get(*option) != Some(value)) {
        reported[option] = value.clone();
    }
    if let Some(nested) = object.remove("nested") {
        let Value::Array(nested) = nested else { return Err(invalid("`nested` must be an array")) };
        let nested = nested.into_iter().map(|one| self::field(call, one, &options));
        reported["nested"] = nested.collect::<Result<_, _>>()?;
    }
    Ok(reported)
}

/// Refuses unknown features, and those without one that they need.
fn check_features(of: &Value) -> Result<(), ApiError> {
    let Some(features) = of.get("features") else { return Ok(()) };
    let features = features.as_array().ok_or_else(|| invalid("`features` must be an array"))?;
    let has = |name: &str| features.iter().any(|feature| feature == name);
    if let Some(unknown) = features.iter().find(|feature| !FEATURES.iter().any(|known| *feature == known)) {
        return Err(invalid(format!("unknown feature {unknown}")));
    }
    if has("position") && !has("frequency") || has("offset") && !has("position") {
        return Err(invalid("missing feature: `position` needs `frequency`, and `offset` needs `position`"));
    }
    Ok(())
}

/// Returns whether two indexes have the same fields, in whatever order.
pub(super) fn has_same_fields(one: Option<&Value>, other: Option<&Value>) -> bool {
    let (Some(Value::Array(one)), Some(Value::Array(other))) = (one, other) else { return false };
    one.len() == other.len() && one.iter().all(|field| other.contains(field))
}

fn primary_sort(sort: &Value) -> Result<Value, ApiError> {
    let object = sort.as_object().ok_or_else(|| invalid("`primarySort` must be an object"))?;
    require_known(object, &["fields", "compression", "cache"])?;
    let mut fields = Vec::new();
    for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let name = field.get("field").and_then(Value::as_str).filter(|name| !name.is_empty());
        let direction = match (field.get("direction").and_then(Value::as_str), field.get("asc")) {
            (Some(direction @ ("asc" | "desc")), None) => direction,
            (None, Some(Value::Bool(ascending))) => {
                if *ascending {
                    "asc"
                } else {
                    "desc"
                }
            }
            _ => return Err(invalid("a field of `primarySort` has no direction")),
        };
        let name = name.ok_or_else(|| invalid("a field of `primarySort` has no name"))?;
        fields.push(json!({ "field": name, "direction": direction }));
    }
    let mut completed = json!({ "fields": fields, "compression": compression(object)? });
    if object.get("cache") == Some(&Value::Bool(true)) {
        completed["cache"] = true.into();
    }
    Ok(completed)
}

fn column(column: &Value) -> Result<Value, ApiError> {
    let names = |fields: &[Value]| {
        let valid = !fields.is_empty() && fields.iter().all(Value::is_string);
        valid.then(|| Value::from(fields)).ok_or_else(|| invalid("a column of `storedValues` has no fields"))
    };
    match column {
        Value::String(_) => Ok(json!({ "fields": [column], "compression": "lz4" })),
        Value::Array(fields) => Ok(json!({ "fields": names(fields)?, "compression": "lz4" })),
        Value::Object(object) => {
            require_known(object, &["fields", "compression", "cache"])?;
            let fields =
                object.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut completed = json!({ "fields": names(fields)?, "compression": compression(object)? });
            if object.get("cache") == Some(&Value::Bool(true)) {
                completed["cache"] = true.into();
            }
            Ok(completed)
        }
        _ => Err(invalid("a column of `storedValues` must be an object")),
    }
}

fn compression(object: &Map<String, Value>) -> Result<&str, ApiError> {
    match object.get("compression").map(Value::as_str) {
        None => Ok("lz4"),
        Some(Some(compression @ ("lz4" | "none"))) => Ok(compression),
        Some(_) => Err(invalid("`compression` must be `lz4` or `none`")),
    }
}
