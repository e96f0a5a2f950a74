//! What each type of analyzers has.

use serde_json::{Map, Value, json};

use crate::api::Call;
use crate::config::version::Version;
use crate::http::reply::ApiError;

/// The properties of a type.
struct Type {
    required: &'static [&'static str],
    /// Those that are reported even if they were not given.
    defaults: Value,
    optional: &'static [&'static str],
}

impl Type {
    fn requires(required: &'static [&'static str]) -> Self {
        Self { required, defaults: json!({}), optional: &[] }
    }

    fn with_defaults(mut self, defaults: Value) -> Self {
        self.defaults = defaults;
        self
    }

    fn with_optional(mut self, optional: &'static [&'static str]) -> Self {
        self.optional = optional;
        self
    }

    fn find(kind: &str, version: &Version) -> Option<Self> {
        let cells = json!({ "maxCells": 20, "minLevel": 4, "maxLevel": 23 });
        Some(match kind {
            "identity" => Self::requires(&[]),
            "delimiter" => Self::requires(&["delimiter"]),
            "multi_delimiter" if version.at_least(3, 12, 0) => Self::requires(&["delimiters"]),
            "stem" | "collation" => Self::requires(&["locale"]),
            "norm" => Self::requires(&["locale"]).with_defaults(json!({ "case": "none", "accent": true })),
            "ngram" => Self::requires(&["min", "max", "preserveOriginal"])
                .with_defaults(json!({ "streamType": "binary", "startMarker": "", "endMarker": "" })),
            "text" => Self::requires(&["locale"])
                .with_defaults(json!({ "case": "lower", "stopwords": [], "accent": false, "stemming": true }))
                .with_optional(&["stopwordsPath", "edgeNgram"]),
            "aql" => Self::requires(&["queryString"]).with_defaults(json!({
                "collapsePositions": false, "keepNull": true, "batchSize": 10, "memoryLimit": 1_048_576,
                "returnType": "string",
            })),
            "pipeline" => Self::requires(&["pipeline"]),
            "stopwords" => Self::requires(&["stopwords"]).with_defaults(json!({ "hex": false })),
            "segmentation" => Self::requires(&[]).with_defaults(json!({ "break": "alpha", "case": "lower" })),
            "minhash" => Self::requires(&["analyzer", "numHashes"]),
            "classification" => {
                Self::requires(&["model_location"]).with_defaults(json!({ "top_k": 1, "threshold": 0.99 }))
            }
            "nearest_neighbors" => Self::requires(&["model_location"]).with_defaults(json!({ "top_k": 1 })),
            "geojson" => Self::requires(&[])
                .with_defaults(json!({ "type": "shape", "options": cells }))
                .with_optional(&["legacy"]),
            "geopoint" => Self::requires(&[])
                .with_defaults(json!({ "latitude": [], "longitude": [], "options": cells })),
            "geo_s2" if version.at_least(3, 10, 5) => Self::requires(&[])
                .with_defaults(json!({ "format": "latLngDouble", "type": "shape", "options": cells })),
            "wildcard" if version.at_least(3, 12, 0) => {
                Self::requires(&["ngramSize"]).with_optional(&["analyzer"])
            }
            _ => return None,
        })
    }
}

/// Completes the properties of an analyzer. `path` ends with a dot.
pub(super) fn complete(
    call: &mut Call<'_>,
    kind: &str,
    given: &Map<String, Value>,
    path: &str,
) -> Result<Value, ApiError> {
    let unknown = || ApiError::of_number(9, format!("Not implemented analyzer type '{kind}'."));
    let Type { required, defaults, optional } = Type::find(kind, call.version).ok_or_else(unknown)?;
    let mut all = defaults.as_object().cloned().unwrap_or_default();
    let known: Vec<_> =
        required.iter().chain(optional).copied().chain(all.keys().map(String::as_str)).collect();
    call.require_attributes(given, path, &known)?;
    let invalid = || {
        let properties = Value::Object(given.clone());
        ApiError::bad_parameter(format!(
            "Failure initializing an arangosearch analyzer instance. Type '{kind}'. Properties '{properties}' was \
             rejected by analyzer."
        ))
    };
    if required.iter().any(|name| !given.contains_key(*name)) {
        return Err(invalid());
    }
    for (name, value) in given {
        let is_valid = match name.as_str() {
            "locale" | "delimiter" | "queryString" | "model_location" | "case" | "break"
            | "stopwordsPath" => value.is_string(),
            "min" | "max" | "numHashes" | "ngramSize" => value.is_u64(),
            "preserveOriginal" | "accent" | "stemming" | "hex" => value.is_boolean(),
            "delimiters" | "stopwords" | "pipeline" => value.is_array(),
            _ => true,
        };
        if !is_valid {
            return Err(invalid());
        }
    }
    all.extend(given.clone());
    if let Some(Value::Array(parts)) = given.get("pipeline") {
        let mut completed = Vec::new();
        for part in parts {
            let kind = part.get("type").and_then(Value::as_str).ok_or_else(invalid)?;
            let given = part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let properties = complete(call, kind, &given, "properties.pipeline.properties.")?;
            completed.push(json!({ "type": kind, "properties": properties }));
        }
        all.insert("pipeline".to_owned(), completed.into());
    }
    Ok(Value::Object(all))
}
