//! Definitions of indexes, by type.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{search, vector};
use crate::api::Call;
use crate::config::version::Version;
use crate::http::reply::ApiError;
use crate::store::unique::UniqueIndex;

/// The attributes of any type. A server drops those that belong to another type.
pub(super) const ATTRIBUTES: &[&str] = &[
    "analyzer",
    "cache",
    "cacheEnabled",
    "cleanupIntervalStep",
    "commitIntervalMsec",
    "consolidationIntervalMsec",
    "consolidationPolicy",
    "deduplicate",
    "estimates",
    "expireAfter",
    "features",
    "fieldValueTypes",
    "fields",
    "geoJson",
    "inBackground",
    "includeAllFields",
    "legacyPolygons",
    "minLength",
    // A server ignores it. Some clients send it instead of `minLength`.
    "min_length",
    "name",
    "optimizeTopK",
    "parallelism",
    "params",
    "prefixFields",
    "primaryKeyCache",
    "primarySort",
    "searchField",
    "sparse",
    "storedValues",
    "trackListPositions",
    "type",
    "unique",
    "writebufferActive",
    "writebufferIdle",
    "writebufferSizeMax",
];

/// A valid definition.
pub(super) struct Definition {
    pub(super) kind: String,
    pub(super) attributes: Map<String, Value>,
}

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::bad_parameter(text)
}

impl Definition {
    /// Reads and completes a definition.
    pub(super) fn read(call: &Call<'_>, body: &Value) -> Result<Self, ApiError> {
        let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
        let version = call.version;
        let is_there = match kind {
            "persistent" | "ttl" | "geo" | "inverted" => true,
            "hash" | "skiplist" | "fulltext" | "zkd" => !version.is_4(),
            "mdi" | "mdi-prefixed" => version.at_least(3, 12, 0),
            "vector" => version.at_least(3, 12, 4),
            _ => false,
        };
        let fields = body.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        let takes_objects = kind == "inverted";
        let is_field = |field: &Value| {
            field.as_str().is_some_and(|name| !name.is_empty()) || (takes_objects && field.is_object())
        };
        let all = body.get("includeAllFields") == Some(&Value::Bool(true));
        if !is_there || !fields.iter().all(is_field) || (fields.is_empty() && !(takes_objects && all)) {
            return Err(invalid("invalid index definition"));
        }
        check_fields(kind, &fields, body)?;
        check(kind, &fields, body)?;
        let (fields, body) = match kind {
            "inverted" => search::complete(call, fields, body)?,
            "vector" => (fields, vector::complete(call.version, body)?),
            _ => (fields, body.clone()),
        };
        let mut attributes = Map::new();
        for (name, default) in defaults(kind) {
            match body.get(name).or(default.as_ref()) {
                Some(value) => attributes.insert((*name).to_owned(), value.clone()),
                None => None,
            };
        }
        if let Some(length) = attributes.get_mut("minLength") {
            // A server takes any number, and uses at least 1.
            *length = if length.is_null() { 2 } else { length.as_i64().unwrap_or(1).max(1) }.into();
        }
        // Whatever was asked for.
        if kind == "ttl" {
            attributes.insert("sparse".into(), true.into());
        }
        if matches!(kind, "zkd" | "mdi") && version.at_least(3, 12, 0) {
            attributes.insert("estimates".into(), false.into());
        }
        if body.get("inBackground") == Some(&Value::Bool(true)) {
            attributes.insert("inBackground".into(), true.into());
        }
        attributes.insert("type".into(), kind.into());
        attributes.insert("fields".into(), fields.into());
        Ok(Self { kind: kind.to_owned(), attributes })
    }

    pub(super) fn is_unique(&self) -> bool {
        self.attributes.get("unique") == Some(&Value::Bool(true))
    }

    pub(super) fn has_field(&self, name: &str) -> bool {
        self.attributes["fields"].as_array().is_some_and(|fields| fields.iter().any(|field| *field == name))
    }

    /// Returns whether an existing index does the same.
    pub(super) fn is_equal(&self, index: &Map<String, Value>) -> bool {
        const OF_SEARCH: &[&str] = &[
            "analyzer",
            "features",
            "includeAllFields",
            "searchField",
            "trackListPositions",
            "cache",
            "primaryKeyCache",
            "primarySort",
            "storedValues",
            "optimizeTopK",
        ];
        let of_search = if self.kind == "inverted" { OF_SEARCH } else { &[] };
        let number = |attributes: &Map<String, Value>, name| attributes.get(name).and_then(Value::as_f64);
        let has_number = |name| number(index, name) == number(&self.attributes, name);
        if !has_number("expireAfter") || !has_number("minLength") {
            return false;
        }
        let has_fields = if self.kind == "inverted" {
            search::has_same_fields(index.get("fields"), self.attributes.get("fields"))
        } else {
            index.get("fields") == self.attributes.get("fields")
        };
        has_fields
            && ["type", "unique", "sparse", "geoJson", "prefixFields", "params"]
                .iter()
                .chain(of_search)
                .all(|name| index.get(*name) == self.attributes.get(*name))
    }

    /// Refuses an index that a server could not build of the documents.
    pub(super) fn check_documents(&self, version: &Version, documents: usize) -> Result<(), ApiError> {
        let centroids = self.attributes.get("params").and_then(|params| params["nLists"].as_u64());
        let has_fewer =
            centroids.is_some_and(|centroids| u64::try_from(documents).is_ok_and(|n| n < centroids));
        if self.kind == "vector" && has_fewer && !version.at_least(3, 12, 9) {
            let text = "sim: a vector index of fewer documents than `nLists` is not modelled before 3.12.9";
            return Err(ApiError::new(501, 9, text));
        }
        Ok(())
    }

    /// Returns the index, with an id and a name.
    pub(super) fn finish(self, collection: &str, number: u64) -> Map<String, Value> {
        let mut index = self.attributes;
        index.insert("id".into(), format!("{collection}/{number}").into());
        index.entry("name").or_insert_with(|| format!("idx_{number}").into());
        if matches!(self.kind.as_str(), "persistent" | "hash" | "skiplist" | "ttl") {
            index.insert("selectivityEstimate".into(), 1.into());
        }
        index
    }
}

/// Checks the names of the attributes that an index has, and of those that it stores.
fn check_fields(kind: &str, fields: &[Value], body: &Value) -> Result<(), ApiError> {
    let name = |field: &Value| field.get("name").unwrap_or(field).as_str().unwrap_or_default().to_owned();
    let mut seen = BTreeSet::new();
    if !fields.iter().all(|field| seen.insert(name(field))) {
        return Err(invalid("duplicate attribute name in index fields list"));
    }
    if kind == "inverted" {
        return Ok(());
    }
    let stored = body.get("storedValues").and_then(Value::as_array).into_iter().flatten();
    if !stored.map(name).all(|stored| seen.insert(stored)) {
        return Err(invalid("duplicate attribute name in fields and stored values"));
    }
    if seen.iter().any(|name| name == "_id" || name.ends_with("._id")) {
        return Err(invalid("_id attribute cannot be indexed"));
    }
    if kind == "ttl" && seen.iter().any(|name| name.contains('.')) {
        return Err(invalid("cannot index a sub-attribute in this type of index"));
    }
    Ok(())
}

/// Checks what a type requires.
fn check(kind: &str, fields: &[Value], body: &Value) -> Result<(), ApiError> {
    let flag = |name: &str| body.get(name) == Some(&Value::Bool(true));
    let expands = fields.iter().any(|field| field.as_str().is_some_and(|name| name.contains("[*]")));
    match kind {
        "ttl" if fields.len() != 1 => Err(invalid("a ttl index has one field")),
        "ttl" if !body.get("expireAfter").and_then(Value::as_f64).is_some_and(|seconds| seconds >= 0.0) => {
            Err(invalid("expireAfter attribute must be a number of at least 0"))
        }
        "fulltext"
            if body.get("minLength").is_some_and(|length| !length.is_number() && !length.is_null()) =>
        {
            Err(invalid("minLength must be a number"))
        }
        "ttl" if flag("unique") => Err(invalid("a ttl index cannot be unique")),
        "geo" if fields.len() > 2 || (flag("geoJson") && fields.len() > 1) => {
            Err(invalid("a geo index has one or two fields"))
        }
        "fulltext" | "vector" if fields.len() != 1 => Err(invalid(format!("a {kind} index has one field"))),
        "zkd" | "mdi" | "mdi-prefixed" if body.get("fieldValueTypes") != Some(&json!("double")) => {
            Err(invalid("`fieldValueTypes` must be \"double\""))
        }
        "mdi-prefixed" if body.get("prefixFields").and_then(Value::as_array).is_none_or(Vec::is_empty) => {
            Err(invalid("`prefixFields` must be an array of names"))
        }
        "persistent" | "hash" | "skiplist" if flag("unique") && expands => {
            Err(ApiError::new(501, 9, "sim: a unique index over the elements of an array is not modelled"))
        }
        "mdi-prefixed" if flag("unique") => {
            Err(ApiError::new(501, 9, "sim: a unique index of type mdi-prefixed is not modelled"))
        }
        _ => Ok(()),
    }
}

/// Returns the attributes that a type has, with their defaults. Those without a default are reported if given.
fn defaults(kind: &str) -> Vec<(&'static str, Option<Value>)> {
    let no = || Some(json!(false));
    let yes = || Some(json!(true));
    let mut all =
        vec![("name", None), ("sparse", Some(json!(matches!(kind, "geo" | "fulltext")))), ("unique", no())];
    all.extend(match kind {
        "persistent" | "hash" | "skiplist" => {
            vec![("deduplicate", yes()), ("estimates", yes()), ("cacheEnabled", no()), ("storedValues", None)]
        }
        "ttl" => vec![("expireAfter", None), ("estimates", yes())],
        "geo" => vec![("geoJson", no()), ("legacyPolygons", no())],
        "fulltext" => vec![("minLength", Some(json!(2)))],
        "zkd" | "mdi" => vec![("fieldValueTypes", None), ("storedValues", None)],
        "mdi-prefixed" => vec![
            ("fieldValueTypes", None),
            ("prefixFields", None),
            ("storedValues", None),
            ("estimates", yes()),
        ],
        "vector" => vec![("params", None), ("parallelism", Some(json!(2))), ("storedValues", None)],
        _ => vec![
            ("analyzer", Some(json!("identity"))),
            ("features", None),
            ("includeAllFields", no()),
            ("searchField", no()),
            ("trackListPositions", no()),
            ("cache", no()),
            ("primaryKeyCache", no()),
            ("primarySort", Some(json!({ "fields": [], "compression": "lz4" }))),
            ("storedValues", Some(json!([]))),
            ("parallelism", None),
            ("optimizeTopK", None),
            ("cleanupIntervalStep", None),
            ("commitIntervalMsec", None),
            ("consolidationIntervalMsec", None),
            ("consolidationPolicy", None),
            ("writebufferIdle", None),
            ("writebufferActive", None),
            ("writebufferSizeMax", None),
        ],
    });
    all
}

/// Returns what a unique index requires of documents. `None` for other indexes.
pub(super) fn unique_index(index: &Map<String, Value>) -> Option<UniqueIndex> {
    let text = |name: &str| index.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text("type");
    let is_unique = index.get("unique") == Some(&Value::Bool(true));
    (is_unique && matches!(kind.as_str(), "persistent" | "hash" | "skiplist" | "mdi" | "zkd")).then(|| {
        UniqueIndex {
            name: text("name"),
            kind,
            fields: index["fields"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            sparse: index.get("sparse") == Some(&Value::Bool(true)),
        }
    })
}
