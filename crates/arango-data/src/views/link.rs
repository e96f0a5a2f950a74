//! What a view indexes of a collection.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a view of type `arangosearch` indexes of a collection, or of an attribute.
///
/// ```
/// use arango_data::Link;
///
/// let books = Link::new().field("title", Link::new().analyzers(["text_en"])).field("year", Link::new());
/// # drop(books);
/// ```
///
/// A field has what its collection has, unless it is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Link {
    attributes: Map<String, Value>,
}

impl Link {
    /// Indexes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Indexes an attribute; for one within another, nest them.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, field: Self) -> Self {
        let fields = self.attributes.entry("fields").or_insert_with(|| Map::new().into());
        if let Value::Object(fields) = fields {
            fields.insert(name.into(), field.attributes.into());
        }
        self
    }

    /// Indexes all attributes.
    #[must_use]
    pub fn include_all_fields(self) -> Self {
        self.with("includeAllFields", true)
    }

    /// Sets the analyzers by which values are indexed; by default `identity`.
    #[must_use]
    pub fn analyzers<A: Into<String>>(self, names: impl IntoIterator<Item = A>) -> Self {
        self.with("analyzers", names.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Indexes the elements of arrays by their position.
    #[must_use]
    pub fn track_list_positions(self) -> Self {
        self.with("trackListPositions", true)
    }

    /// Stores which attributes exist, for the AQL function `EXISTS`.
    #[must_use]
    pub fn store_ids(self) -> Self {
        self.with("storeValues", "id")
    }

    /// Sets an option by its name on the server, for those without a method, such as `nested` and `cache`.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.insert(option.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_set_is_sent() {
        assert_eq!(serde_json::to_value(Link::new()).unwrap(), json!({}));
        let nested = Link::new().field("name", Link::new().analyzers(["text_en", "identity"]).store_ids());
        let link = Link::new().field("author", nested).include_all_fields().track_list_positions();
        let expected = json!({
            "fields": { "author": { "fields": { "name": { "analyzers": ["text_en", "identity"], "storeValues": "id" } } } },
            "includeAllFields": true, "trackListPositions": true, "cache": true,
        });
        assert_eq!(serde_json::to_value(link.with("cache", true)).unwrap(), expected);
    }
}
