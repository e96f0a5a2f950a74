//! Comparing an index with what it should be.

use std::fmt;

use serde_json::Value;

use super::definition::Index;
use super::info::{IndexInfo, IndexType, field_names};
use super::inverted_differences::covers_inverted;
use crate::json_covers::covers;
use crate::property_difference::PropertyDifference;

/// The options that are compared. Those that only say how an index is built are not among them.
const COMPARED: [&str; 24] = [
    "type",
    "fields",
    "unique",
    "sparse",
    "deduplicate",
    "estimates",
    "cacheEnabled",
    "storedValues",
    "expireAfter",
    "geoJson",
    "legacyPolygons",
    "fieldValueTypes",
    "prefixFields",
    "params",
    "analyzer",
    "features",
    "includeAllFields",
    "searchField",
    "trackListPositions",
    "cache",
    "primaryKeyCache",
    "primarySort",
    "optimizeTopK",
    "commitIntervalMsec",
];

impl Index {
    /// Returns the name, if it was set.
    pub fn name(&self) -> Option<&str> {
        self.attributes().get("name")?.as_str()
    }

    /// Returns the type; `None` if a [raw](Self::raw) definition has none.
    #[inline]
    pub fn index_type(&self) -> Option<IndexType> {
        serde_json::from_value(self.attributes().get("type")?.clone()).ok()
    }

    /// Returns how an existing index differs from what was set.
    ///
    /// An index never changes: one that differs can only be dropped. The name is not compared. Options that only
    /// a [raw](Self::raw) definition can have are not compared either, unless they are those of another type.
    #[inline]
    pub fn differences(&self, existing: &IndexInfo) -> Vec<PropertyDifference> {
        let wanted = self.attributes();
        let is_of = |name: &str| wanted.get("type").is_some_and(|kind| kind == name);
        let (is_persistent, is_inverted) = (is_of("persistent"), is_of("inverted"));
        let mut found = Vec::new();
        for property in COMPARED {
            // Not to be unique or sparse is a property, too; other types decide that themselves.
            let is_flag = matches!(property, "unique" | "sparse") && is_persistent;
            let default = is_flag.then_some(Value::Bool(false));
            let Some(expected) = wanted.get(property).cloned().or(default) else { continue };
            let actual = attribute(existing, property).unwrap_or_default();
            let is_covered = if is_inverted {
                covers_inverted(existing, property, &actual, &expected)
            } else {
                covers(&actual, &expected)
            };
            if !is_covered {
                found.push(PropertyDifference::fixed(property, expected, actual));
            }
        }
        found
    }
}

/// The type and the fields, for an index without a name.
impl fmt::Display for Index {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            return f.pad(name);
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let kind = self.attributes().get("type").map(text).unwrap_or_default();
        let fields = self.attributes().get("fields").and_then(Value::as_array);
        write!(f, "{kind}({})", field_names(fields.map_or(&[], Vec::as_slice)))
    }
}

#[inline]
fn attribute(index: &IndexInfo, name: &str) -> Option<Value> {
    match name {
        "type" => Some(index.index_type.as_str().into()),
        "fields" => Some(index.fields.clone().into()),
        "unique" => Some(index.unique.into()),
        "sparse" => Some(index.sparse.into()),
        "expireAfter" => index.expire_after.map(|time| time.as_secs_f64().into()),
        _ => index.other.get(name).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read;
    use crate::{GetIndex, IndexId, InvertedIndex, SortDirection, VectorIndex, VectorMetric};
    use serde_json::json;
    use std::time::Duration;

    fn existing(changed: &Value) -> IndexInfo {
        let mut body = json!({ "error": false, "code": 200, "id": "books/7", "name": "by_year", "type": "persistent",
            "fields": ["year"], "unique": false, "sparse": false, "deduplicate": true, "estimates": true,
            "cacheEnabled": false, "selectivityEstimate": 1 });
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        read(&GetIndex { id: IndexId::new("books/7").unwrap() }, &body.to_string())
    }

    fn differences(index: impl Into<Index>, changed: &Value) -> Vec<String> {
        index.into().differences(&existing(changed)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_set_is_compared_and_the_name_is_not() {
        let by_year = || Index::persistent(["year"]).named("other").in_background();
        assert!(differences(by_year(), &json!({})).is_empty());
        assert_eq!(differences(by_year(), &json!({ "unique": true })), ["unique is true, expected false"]);
        let found =
            differences(by_year().without_estimates().sparse(), &json!({ "fields": ["year", "title"] }));
        let fields = r#"fields is ["year","title"], expected ["year"]"#;
        assert_eq!(found, [fields, "sparse is false, expected true", "estimates is true, expected false"]);
        let ttl = Index::ttl("year", Duration::from_secs(60));
        assert!(
            differences(ttl.clone(), &json!({ "type": "ttl", "expireAfter": 60, "sparse": true })).is_empty()
        );
        assert_eq!(differences(ttl, &json!({ "type": "ttl", "expireAfter": 61 })).len(), 1);
    }

    #[test]
    fn what_a_server_adds_is_no_difference() {
        let search =
            InvertedIndex::new(["a"]).primary_sort([("y", SortDirection::Descending)]).stored_values(["p"]);
        let reported = |sort: Value| {
            json!({ "type": "inverted", "fields": [{ "name": "a", "cache": false }], "sparse": true,
                "primarySort": { "fields": [sort], "compression": "lz4" },
                "storedValues": [{ "fields": ["p"], "compression": "lz4" }], "analyzer": "identity" })
        };
        for sort in [json!({ "field": "y", "direction": "desc" }), json!({ "field": "y", "asc": false })] {
            assert!(differences(search.clone(), &reported(sort)).is_empty());
        }
        assert_eq!(differences(search, &reported(json!({ "field": "y", "asc": true }))).len(), 1);
        let vector = VectorIndex::new("v", VectorMetric::L2, 3, 7);
        let params = json!({ "metric": "l2", "dimension": 3, "nLists": 7, "defaultNProbe": 1 });
        assert!(
            differences(vector, &json!({ "type": "vector", "fields": ["v"], "params": params })).is_empty()
        );
    }

    #[test]
    fn an_index_is_shown_by_its_name_or_by_its_fields() {
        assert_eq!(Index::persistent(["a"]).named("by_a").to_string(), "by_a");
        assert_eq!(Index::persistent(["a", "b[*]"]).to_string(), "persistent(a, b[*])");
        assert_eq!(InvertedIndex::new(["a"]).into_index().to_string(), "inverted(a)");
    }
}
