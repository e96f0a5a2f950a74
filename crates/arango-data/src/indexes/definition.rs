//! What an index is to be.

use std::time::Duration;

use arango_protocol::BuildError;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::vector::check_params;

/// The options of indexes for search.
const INVERTED: &[&str] = &[
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
    "parallelism",
    "commitIntervalMsec",
];

/// What an index is to be.
///
/// Those for search are made by [`InvertedIndex`](crate::InvertedIndex), and those for similar vectors by
/// [`VectorIndex`](crate::VectorIndex).
///
/// ```
/// use arango_data::Index;
/// use std::time::Duration;
///
/// let by_year = Index::persistent(["year", "title"]).unique().named("by_year");
/// let sessions = Index::ttl("last_use", Duration::from_secs(3600));
/// # drop((by_year, sessions));
/// ```
///
/// An option that the type does not have is refused when the request is built: servers would ignore it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Index {
    attributes: Map<String, Value>,
    /// Whether the program has written the whole definition.
    #[serde(skip)]
    is_raw: bool,
}

impl Index {
    #[inline]
    fn of_type(index_type: &str, fields: Value) -> Self {
        let attributes =
            Map::from_iter([("type".to_owned(), index_type.into()), ("fields".to_owned(), fields)]);
        Self::from_attributes(attributes)
    }

    /// Takes the attributes of a definition whose options are checked by its type.
    pub(super) fn from_attributes(attributes: Map<String, Value>) -> Self {
        Self { attributes, is_raw: false }
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// Sorts documents by these attributes, for equality, ranges and sorting.
    ///
    /// `tags[*]` indexes each element of an array.
    #[must_use]
    pub fn persistent<F: Into<String>>(fields: impl IntoIterator<Item = F>) -> Self {
        Self::of_type("persistent", names(fields))
    }

    /// Removes documents some time after the time in this attribute.
    ///
    /// The attribute is a number of seconds since 1970, or a text with date and time. The server removes them a little
    /// later, in the background. A collection has at most one such index.
    #[must_use]
    pub fn ttl(field: impl Into<String>, expire_after: Duration) -> Self {
        Self::of_type("ttl", names([field])).with("expireAfter", expire_after.as_secs_f64())
    }

    /// Finds places: an attribute with latitude and longitude, or one for each.
    #[must_use]
    pub fn geo<F: Into<String>>(fields: impl IntoIterator<Item = F>) -> Self {
        Self::of_type("geo", names(fields))
    }

    /// Finds shapes: an attribute with a `GeoJSON` object.
    #[must_use]
    pub fn geo_json(field: impl Into<String>) -> Self {
        Self::of_type("geo", names([field])).with("geoJson", true)
    }

    /// Finds documents by ranges of several numbers at once.
    ///
    /// Since 3.12.
    #[must_use]
    pub fn multi_dimensional<F: Into<String>>(fields: impl IntoIterator<Item = F>) -> Self {
        Self::of_type("mdi", names(fields)).with("fieldValueTypes", "double")
    }

    /// As [`multi_dimensional`](Self::multi_dimensional), within documents with equal prefixes.
    ///
    /// Since 3.12.
    #[must_use]
    pub fn multi_dimensional_with_prefix<P: Into<String>, F: Into<String>>(
        prefixes: impl IntoIterator<Item = P>,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        let index = Self::of_type("mdi-prefixed", names(fields));
        index.with("fieldValueTypes", "double").with("prefixFields", names(prefixes))
    }

    /// Takes a definition as the server documents it, for options that have no method.
    ///
    /// It is sent as it is.
    #[must_use]
    pub fn raw(definition: Map<String, Value>) -> Self {
        Self { attributes: definition, is_raw: true }
    }

    /// Sets the name, which is unique in its collection.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with("name", name.into())
    }

    /// Refuses documents with equal values in all fields.
    ///
    /// In a cluster the fields must contain all shard keys of the collection.
    #[must_use]
    pub fn unique(self) -> Self {
        self.with("unique", true)
    }

    /// Leaves out documents without a value in one of the fields.
    #[must_use]
    pub fn sparse(self) -> Self {
        self.with("sparse", true)
    }

    /// Refuses an array with equal elements, if the index is unique and over elements.
    ///
    /// Otherwise such an array is indexed once.
    #[must_use]
    pub fn without_deduplication(self) -> Self {
        self.with("deduplicate", false)
    }

    /// Keeps no estimate of how selective it is.
    ///
    /// A [multi-dimensional](Self::multi_dimensional) index never has one, so this is refused, unless it has
    /// [prefixes](Self::multi_dimensional_with_prefix).
    #[must_use]
    pub fn without_estimates(self) -> Self {
        self.with("estimates", false)
    }

    /// Caches entries in memory.
    #[must_use]
    pub fn cache(self) -> Self {
        self.with("cacheEnabled", true)
    }

    /// Stores these attributes in it too, so that they are read without the documents.
    ///
    /// At most 32.
    #[must_use]
    pub fn stored_values<F: Into<String>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.with("storedValues", names(fields))
    }

    /// Lets other calls use the collection while it is built.
    #[must_use]
    pub fn in_background(self) -> Self {
        self.with("inBackground", true)
    }

    fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }

    /// Refuses options that the type does not have.
    #[inline]
    pub(super) fn check(&self) -> Result<(), BuildError> {
        if self.is_raw {
            return Ok(());
        }
        let index_type = self.attributes.get("type").and_then(Value::as_str).unwrap_or_default();
        let options: &[&str] = match index_type {
            "persistent" => &["unique", "sparse", "deduplicate", "estimates", "cacheEnabled", "storedValues"],
            "ttl" => &["expireAfter", "estimates"],
            "geo" => &["geoJson"],
            "mdi" => &["fieldValueTypes", "unique", "sparse", "storedValues"],
            "inverted" => INVERTED,
            "vector" => &["params", "parallelism", "sparse", "storedValues"],
            _ => &["fieldValueTypes", "prefixFields", "unique", "sparse", "storedValues", "estimates"],
        };
        let common = ["type", "fields", "name", "inBackground"];
        let is_known = |name: &str| common.contains(&name) || options.contains(&name);
        let invalid = |field, reason| Err(BuildError::Field { field, reason });
        if self.attributes.keys().any(|name| !is_known(name)) {
            return invalid("index", "has an option that its type does not have");
        }
        let has_all_fields = self.attributes.contains_key("includeAllFields");
        if self.attributes.get("fields") == Some(&json!([])) && !has_all_fields {
            return invalid("fields", "is empty");
        }
        check_params(self.attributes.get("params"))
    }
}

fn names<F: Into<String>>(fields: impl IntoIterator<Item = F>) -> Value {
    fields.into_iter().map(|field| Value::from(field.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(index: &Index) -> Value {
        serde_json::to_value(index).unwrap()
    }

    #[test]
    fn only_what_was_set_is_sent() {
        assert_eq!(json(&Index::persistent(["a"])), json!({ "type": "persistent", "fields": ["a"] }));
        let all =
            Index::persistent(["a", "b[*]"]).unique().sparse().without_deduplication().without_estimates();
        let all = all.cache().stored_values(["c"]).named("by_a").in_background();
        let expected = json!({ "type": "persistent", "fields": ["a", "b[*]"], "unique": true, "sparse": true,
            "deduplicate": false, "estimates": false, "cacheEnabled": true, "storedValues": ["c"], "name": "by_a",
            "inBackground": true });
        assert_eq!(json(&all), expected);
        assert!(all.check().is_ok());
    }

    #[test]
    fn each_type_has_what_it_needs() {
        let ttl = Index::ttl("t", Duration::from_secs(60));
        assert_eq!(json(&ttl), json!({ "type": "ttl", "fields": ["t"], "expireAfter": 60.0 }));
        assert_eq!(json(&Index::geo_json("g"))["geoJson"], true);
        let prefixed = Index::multi_dimensional_with_prefix(["p"], ["x", "y"]).without_estimates();
        assert_eq!(
            (&json(&prefixed)["type"], &json(&prefixed)["prefixFields"]),
            (&json!("mdi-prefixed"), &json!(["p"]))
        );
        for index in [ttl, Index::geo(["lat", "lon"]), Index::multi_dimensional(["x"]).unique(), prefixed] {
            assert!(index.check().is_ok(), "{index:?}");
        }
    }

    #[test]
    fn an_option_that_the_type_does_not_have_is_refused() {
        for index in [
            Index::ttl("t", Duration::ZERO).unique(),
            Index::geo(["g"]).stored_values(["a"]),
            Index::multi_dimensional(["x"]).cache(),
            Index::multi_dimensional(["x"]).unique().without_estimates(),
            Index::persistent([""; 0]),
        ] {
            assert!(index.check().is_err(), "{index:?}");
        }
        let raw = Map::from_iter([("type".to_owned(), json!("inverted")), ("anything".to_owned(), json!(1))]);
        assert!(Index::raw(raw).check().is_ok());
    }
}
