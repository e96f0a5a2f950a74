//! What a view is to be.

use std::time::Duration;

use arango_protocol::BuildError;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::info::{ViewIndex, ViewInfo};
use super::link::Link;
use crate::indexes::SortDirection;

/// What a view is to be.
///
/// ```
/// use arango_data::{Link, SortDirection, View};
///
/// let titles = Link::new().field("title", Link::new().analyzers(["text_en"]));
/// let search = View::arangosearch().link("books", titles).primary_sort([("year", SortDirection::Descending)]);
/// let alias = View::search_alias().index("books", "titles");
/// # drop((search, alias));
/// ```
///
/// An option that the type does not have is refused when the request is built: servers would ignore it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct View {
    attributes: Map<String, Value>,
}

impl View {
    fn of_type(view_type: &str) -> Self {
        Self { attributes: Map::from_iter([("type".to_owned(), view_type.into())]) }
    }

    /// Has its own index over the collections to which it is [linked](Self::link).
    #[must_use]
    pub fn arangosearch() -> Self {
        Self::of_type("arangosearch")
    }

    /// Consists of inverted [indexes](Self::index) of collections.
    #[must_use]
    pub fn search_alias() -> Self {
        Self::of_type("search-alias")
    }

    /// Links the view to a collection.
    ///
    /// Only of type `arangosearch`.
    #[must_use]
    pub fn link(self, collection: impl Into<String>, link: Link) -> Self {
        let link = serde_json::to_value(link).unwrap_or_default();
        self.set_link(collection.into(), link)
    }

    /// Removes the link to a collection, when a view is changed.
    ///
    /// Only of type `arangosearch`.
    #[must_use]
    pub fn unlink(self, collection: impl Into<String>) -> Self {
        self.set_link(collection.into(), Value::Null)
    }

    fn set_link(mut self, collection: String, link: Value) -> Self {
        let links = self.attributes.entry("links").or_insert_with(|| Map::new().into());
        if let Value::Object(links) = links {
            links.insert(collection, link);
        }
        self
    }

    /// Adds an inverted index of a collection, by its name.
    ///
    /// Only of type `search-alias`.
    #[must_use]
    pub fn index(self, collection: impl Into<String>, index: impl Into<String>) -> Self {
        self.push("indexes", json!({ "collection": collection.into(), "index": index.into() }))
    }

    /// Removes an inverted index of a collection, when a view is changed.
    ///
    /// Only of type `search-alias`.
    #[must_use]
    pub fn remove_index(self, collection: impl Into<String>, index: impl Into<String>) -> Self {
        let index = json!({ "collection": collection.into(), "index": index.into(), "operation": "del" });
        self.push("indexes", index)
    }

    /// Sorts the index by these attributes, so that queries with the same order need not sort. It never changes.
    ///
    /// Only of type `arangosearch`.
    #[must_use]
    pub fn primary_sort<F: Into<String>>(self, fields: impl IntoIterator<Item = (F, SortDirection)>) -> Self {
        let fields = fields.into_iter().map(|(field, direction)| {
            json!({ "field": field.into(), "direction": match direction {
                SortDirection::Ascending => "asc",
                SortDirection::Descending => "desc",
            } })
        });
        self.with("primarySort", fields.collect::<Value>())
    }

    /// Stores these attributes together in the index, so that they are read without the documents. It never changes.
    ///
    /// Each call adds a column. Only of type `arangosearch`.
    #[must_use]
    pub fn stored_values<F: Into<String>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        let fields: Vec<String> = fields.into_iter().map(Into::into).collect();
        self.push("storedValues", json!({ "fields": fields }))
    }

    /// Sets after which time queries see a change at the latest. Zero means never by itself.
    ///
    /// The server counts milliseconds; its default is a second. Only of type `arangosearch`.
    #[must_use]
    pub fn commit_interval(self, interval: Duration) -> Self {
        self.with("commitIntervalMsec", u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
    }

    /// Sets an option by its name on the server, for those without a method, such as `consolidationPolicy`.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.insert(option.into(), value.into());
        self
    }

    #[inline]
    fn push(mut self, list: &str, item: Value) -> Self {
        let items = self.attributes.entry(list).or_insert_with(|| Vec::<Value>::new().into());
        if let Value::Array(items) = items {
            items.push(item);
        }
        self
    }

    /// Refuses options of the other type.
    #[inline]
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let alone = ["type", "indexes"];
        let is_alias = self.attributes.get("type").is_some_and(|view_type| view_type == "search-alias");
        let is_foreign = |name: &String| alone.contains(&name.as_str()) != is_alias && name != "type";
        if self.attributes.keys().any(is_foreign) {
            return Err(BuildError::Field {
                field: "view",
                reason: "has an option that its type does not have",
            });
        }
        Ok(())
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// Returns the attributes that can be changed: all but the type.
    #[inline]
    pub(super) fn changes(&self) -> Map<String, Value> {
        let mut changes = self.attributes.clone();
        changes.remove("type");
        changes
    }

    /// Returns whether an existing view has the type, and the links or indexes.
    #[inline]
    pub(super) fn resembles(&self, view: &ViewInfo) -> bool {
        let names = |links: &Map<String, Value>| links.keys().cloned().collect::<Vec<_>>();
        let no_links = Map::new();
        let links = self.attributes.get("links").and_then(Value::as_object).unwrap_or(&no_links);
        let indexes = self.attributes.get("indexes").cloned().unwrap_or_else(|| json!([]));
        let indexes: Vec<ViewIndex> = serde_json::from_value(indexes).unwrap_or_default();
        self.attributes.get("type").and_then(Value::as_str) == Some(view.view_type.as_str())
            && names(links) == names(&view.links)
            && indexes == view.indexes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(view: &View) -> Value {
        serde_json::to_value(view).unwrap()
    }

    #[test]
    fn only_what_was_set_is_sent() {
        assert_eq!(json(&View::arangosearch()), json!({ "type": "arangosearch" }));
        let view = View::arangosearch()
            .link("books", Link::new())
            .unlink("films")
            .primary_sort([("year", SortDirection::Descending), ("title", SortDirection::Ascending)])
            .stored_values(["a", "b"])
            .stored_values(["c"])
            .commit_interval(Duration::from_secs(2))
            .with("cleanupIntervalStep", 5);
        let expected = json!({
            "type": "arangosearch", "links": { "books": {}, "films": null },
            "primarySort": [{ "field": "year", "direction": "desc" }, { "field": "title", "direction": "asc" }],
            "storedValues": [{ "fields": ["a", "b"] }, { "fields": ["c"] }], "commitIntervalMsec": 2000,
            "cleanupIntervalStep": 5,
        });
        assert_eq!(json(&view), expected);
        let alias = View::search_alias().index("books", "titles").remove_index("films", "titles");
        let expected = json!([
            { "collection": "books", "index": "titles" },
            { "collection": "films", "index": "titles", "operation": "del" },
        ]);
        assert_eq!(json(&alias)["indexes"], expected);
        assert!(view.check().is_ok() && alias.check().is_ok());
    }

    #[test]
    fn an_option_of_the_other_type_is_refused() {
        for view in [
            View::arangosearch().index("books", "titles"),
            View::search_alias().link("books", Link::new()),
            View::search_alias().commit_interval(Duration::ZERO),
        ] {
            assert!(view.check().is_err(), "{view:?}");
        }
    }
}
