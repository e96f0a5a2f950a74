//! Comparing a view with what it should be.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::definition::View;
use super::info::{ViewIndex, ViewInfo};
use crate::json_covers::covers;
use crate::names::is_same_analyzer;
use crate::property_difference::PropertyDifference;

/// Properties that never change. All others can be changed by an update.
const FIXED: [&str; 10] = [
    "type",
    "primarySort",
    "primarySortCompression",
    "primarySortCache",
    "primaryKeyCache",
    "storedValues",
    "optimizeTopK",
    "writebufferActive",
    "writebufferIdle",
    "writebufferSizeMax",
];

impl View {
    /// Returns how an existing view differs from what was set.
    ///
    /// The links and the indexes are compared as a whole: a further one is a difference. Of all other properties, and within a
    /// link, only what was set is compared.
    #[inline]
    pub fn differences(&self, existing: &ViewInfo) -> Vec<PropertyDifference> {
        let mut found = Vec::new();
        for (name, expected) in self.attributes() {
            let actual = match name.as_str() {
                "links" | "indexes" => continue,
                "type" => existing.view_type.as_str().into(),
                _ => existing.other.get(name).cloned().unwrap_or_default(),
            };
            if !covers(&actual, expected) {
                let is_changeable = !FIXED.contains(&name.as_str());
                let difference = PropertyDifference::fixed(name.clone(), expected.clone(), actual);
                found.push(difference.changeable(is_changeable));
            }
        }
        self.compare_links(existing, &mut found);
        self.compare_indexes(existing, &mut found);
        found
    }

    #[inline]
    fn compare_links(&self, existing: &ViewInfo, found: &mut Vec<PropertyDifference>) {
        let no_links = Map::new();
        let links = self.attributes().get("links").and_then(Value::as_object).unwrap_or(&no_links);
        let collections: BTreeSet<_> = links.keys().chain(existing.links.keys()).collect();
        for collection in collections {
            let expected = links.get(collection).unwrap_or(&Value::Null);
            let actual = existing.links.get(collection).unwrap_or(&Value::Null);
            let is_equal = match (actual, expected) {
                (Value::Object(actual), Value::Object(expected)) => {
                    covers_link(actual, expected, &link_defaults())
                }
                _ => actual == expected,
            };
            if !is_equal {
                let property = format!("links.{collection}");
                let difference = PropertyDifference::fixed(property, expected.clone(), actual.clone());
                found.push(difference.changeable(true));
            }
        }
    }

    #[inline]
    fn compare_indexes(&self, existing: &ViewInfo, found: &mut Vec<PropertyDifference>) {
        let indexes = self.attributes().get("indexes").cloned().unwrap_or_else(|| json!([]));
        let indexes: Vec<ViewIndex> = serde_json::from_value(indexes).unwrap_or_default();
        let mut record = |index: &ViewIndex, is_expected: bool| {
            let property = format!("indexes.{}/{}", index.collection, index.index);
            let difference = PropertyDifference::fixed(property, is_expected.into(), (!is_expected).into());
            found.push(difference.changeable(true));
        };
        indexes
            .iter()
            .filter(|index| !existing.indexes.contains(index))
            .for_each(|index| record(index, true));
        let further = existing.indexes.iter().filter(|index| !indexes.contains(index));
        further.for_each(|index| record(index, false));
    }
}

/// What a link has that does not set it.
#[inline]
fn link_defaults() -> Map<String, Value> {
    let defaults = json!({
        "analyzers": ["identity"], "includeAllFields": false, "storeValues": "none", "trackListPositions": false,
        "cache": false,
    });
    defaults.as_object().cloned().unwrap_or_default()
}

/// Returns whether a link of the server, or a field in it, has all that was set.
///
/// A field has what its link has, unless it is set, and the server does not report that again.
fn covers_link(
    actual: &Map<String, Value>,
    expected: &Map<String, Value>,
    inherited: &Map<String, Value>,
) -> bool {
    let mut effective = inherited.clone();
    for (name, value) in actual.iter().filter(|(name, _)| inherited.contains_key(*name)) {
        effective.insert(name.clone(), value.clone());
    }
    expected.iter().all(|(name, expected)| match (name.as_str(), expected) {
        ("fields" | "nested", Value::Object(fields)) => fields.iter().all(|(field, expected)| {
            let actual = actual.get(name).and_then(|fields| fields.get(field)?.as_object());
            match (actual, expected.as_object()) {
                (Some(actual), Some(expected)) => covers_link(actual, expected, &effective),
                _ => false,
            }
        }),
        ("analyzers", Value::Array(expected)) => effective
            .get(name)
            .and_then(Value::as_array)
            .is_some_and(|actual| have_same_names(actual, expected)),
        // How it is built, which is not stored.
        ("inBackground", _) => true,
        _ => effective.get(name).or_else(|| actual.get(name)).is_some_and(|actual| covers(actual, expected)),
    })
}

/// Returns whether both name the same analyzers, in whatever order.
fn have_same_names(one: &[Value], other: &[Value]) -> bool {
    let is_same = |one: &Value, other: &Value| match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => is_same_analyzer(one, other),
        _ => false,
    };
    let contains = |names: &[Value], name: &Value| names.iter().any(|other| is_same(other, name));
    one.iter().all(|name| contains(other, name)) && other.iter().all(|name| contains(one, name))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::indexes::SortDirection;
    use crate::views::Link;

    fn existing(changed: &Value) -> ViewInfo {
        let link = json!({ "analyzers": ["identity"], "fields": { "title": { "analyzers": ["text_en", "words"] }, "year": {} },
            "includeAllFields": false, "storeValues": "none", "trackListPositions": false });
        let mut view = json!({ "id": "7", "name": "v", "type": "arangosearch", "links": { "books": link },
            "primarySort": [{ "field": "year", "asc": false }], "commitIntervalMsec": 1000,
            "storedValues": [{ "fields": ["a"], "compression": "lz4" }] });
        view.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        serde_json::from_value(view).unwrap()
    }

    fn titles() -> Link {
        Link::new()
            .field("title", Link::new().analyzers(["library::words", "text_en"]))
            .field("year", Link::new())
    }

    fn differences(view: &View, changed: &Value) -> Vec<String> {
        view.differences(&existing(changed)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_set_is_compared_and_defaults_of_the_server_are_no_difference() {
        let sorted = View::arangosearch().link("books", titles()).stored_values(["a"]);
        let sorted = sorted.primary_sort([("year", SortDirection::Descending)]);
        assert_eq!(differences(&sorted, &json!({})), [""; 0]);
        let inherited =
            Link::new().field("title", Link::new().with("storeValues", "none")).analyzers(["identity"]);
        let inherited = inherited.field("year", Link::new().analyzers(["identity"])).with("cache", false);
        assert_eq!(differences(&View::arangosearch().link("books", inherited), &json!({})), [""; 0]);
        let found =
            differences(&sorted.commit_interval(Duration::from_secs(2)), &json!({ "primarySort": [] }));
        let sort = r#"primarySort is [], expected [{"direction":"desc","field":"year"}]"#;
        assert_eq!(found, ["commitIntervalMsec is 1000, expected 2000", sort]);
    }

    #[test]
    fn another_link_a_missing_one_and_a_further_one_are_differences() {
        for link in [
            Link::new().field("title", Link::new().analyzers(["text_en"])),
            Link::new().field("title", Link::new().include_all_fields()),
            Link::new().field("author", Link::new()),
            Link::new().track_list_positions(),
            Link::new().analyzers(["::identity"]).field("year", Link::new().analyzers(["text_en"])),
        ] {
            let view = View::arangosearch().link("books", link);
            let found = view.differences(&existing(&json!({})));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].property == "links.books" && found[0].is_changeable());
        }
        let films = View::arangosearch().link("films", Link::new());
        let found: Vec<_> =
            films.differences(&existing(&json!({}))).into_iter().map(|one| one.property).collect();
        assert_eq!(found, ["links.books", "links.films"]);
        assert!(differences(&View::arangosearch().unlink("books"), &json!({ "links": {} })).is_empty());
    }

    #[test]
    fn a_view_of_another_type_and_another_index_are_differences() {
        let alias = View::search_alias().index("books", "titles");
        let view = json!({ "type": "search-alias", "links": {}, "indexes": [{ "collection": "books", "index": "titles" }] });
        assert!(differences(&alias, &view).is_empty());
        let found = alias.index("films", "titles").differences(&existing(&json!({ "links": {} })));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        let expected = [
            r#"type is "arangosearch", expected "search-alias""#,
            "indexes.books/titles is false, expected true",
            "indexes.films/titles is false, expected true",
        ];
        assert_eq!(found, expected);
        assert_eq!(
            differences(&View::search_alias(), &view),
            ["indexes.books/titles is true, expected false"]
        );
    }
}
