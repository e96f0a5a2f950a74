//! Indexes for search.

use std::time::Duration;

use arango_protocol::open_enum;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::definition::Index;

open_enum! {
    /// What an index for search keeps of each value, beyond its occurrence.
    pub enum AnalyzerFeature {
        /// How often a term occurs.
        Frequency = "frequency",
        /// The length of the value, for fairer scores.
        Norm = "norm",
        /// Where terms occur, for phrases. Needs the frequency.
        Position = "position",
        /// Where terms begin and end, for highlighting. Needs the position.
        Offset = "offset",
    }
}

/// In which direction a field is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum SortDirection {
    /// From small to large.
    #[serde(rename = "asc")]
    Ascending,
    /// From large to small.
    #[serde(rename = "desc")]
    Descending,
}

/// An index for search: words, prefixes, ranges and places, by analyzers.
///
/// It is used by the `SEARCH` of a view of the type `search-alias`, and by a `FILTER` with the hint of its name. What was
/// written is found about a second later.
///
/// ```
/// use arango_data::{AnalyzerFeature, Index, InvertedField, InvertedIndex, SortDirection};
///
/// let text = InvertedField::new("text").analyzer("text_en").features([AnalyzerFeature::Frequency, AnalyzerFeature::Norm]);
/// let index: Index = InvertedIndex::new([text, "tags[*]".into()])
///     .primary_sort([("year", SortDirection::Descending)])
///     .stored_values(["title"])
///     .into_index()
///     .named("search");
/// # drop(index);
/// ```
///
/// Options for commits and for the consolidation of segments can be given in a [raw](Index::raw) definition.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an index is created by `EnsureIndex`"]
pub struct InvertedIndex {
    attributes: Map<String, Value>,
}

/// A field of an index for search.
///
/// What is not set is that of the index.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[must_use = "a field belongs to an index"]
pub struct InvertedField {
    attributes: Map<String, Value>,
}

/// Attributes that an index for search stores in one column, so that they are read without the documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[must_use = "stored values belong to an index"]
pub struct StoredValues {
    attributes: Map<String, Value>,
}

/// Implements the options that an index for search and its fields have in common.
macro_rules! options {
    ($name:ident) => {
        impl $name {
            /// Sets the analyzer; by default `identity`, for which a value is one term.
            pub fn analyzer(self, name: impl Into<String>) -> Self {
                self.with("analyzer", name.into())
            }

            /// Sets what is kept of each value; by default what the analyzer says.
            pub fn features(self, features: impl IntoIterator<Item = AnalyzerFeature>) -> Self {
                let features: Value = features.into_iter().map(|one| one.as_str().to_owned()).collect();
                self.with("features", features)
            }

            /// Indexes all attributes within, except those that are fields themselves. For views.
            #[inline]
            pub fn include_all_fields(self) -> Self {
                self.with("includeAllFields", true)
            }

            /// Indexes a value and each element of an array alike. For views; excludes `[*]`.
            #[inline]
            pub fn search_field(self) -> Self {
                self.with("searchField", true)
            }

            /// Distinguishes the elements of an array by their position. Needs [`search_field`](Self::search_field).
            #[inline]
            pub fn track_list_positions(self) -> Self {
                self.with("trackListPositions", true)
            }

            /// Keeps what scores need in memory.
            ///
            /// Before 3.12.5 in the Enterprise Edition only.
            #[inline]
            pub fn cache(self) -> Self {
                self.with("cache", true)
            }

            fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
                self.attributes.insert(attribute.to_owned(), value.into());
                self
            }
        }
    };
}

options!(InvertedIndex);
options!(InvertedField);

impl InvertedIndex {
    /// Indexes these fields: names, or [`InvertedField`]s with options.
    pub fn new<F: Into<InvertedField>>(fields: impl IntoIterator<Item = F>) -> Self {
        let fields: Value = fields.into_iter().map(|field| Value::Object(field.into().attributes)).collect();
        let attributes =
            Map::from_iter([("type".to_owned(), "inverted".into()), ("fields".to_owned(), fields)]);
        Self { attributes }
    }

    /// Indexes all attributes of the documents. For views.
    #[inline]
    pub fn of_all_fields() -> Self {
        Self::new([""; 0]).include_all_fields()
    }

    /// Sorts the entries by these fields, so that a query that sorts so need not.
    pub fn primary_sort<F: Into<String>>(self, fields: impl IntoIterator<Item = (F, SortDirection)>) -> Self {
        let field =
            |(field, direction): (F, SortDirection)| json!({ "field": field.into(), "direction": direction });
        let fields: Value = fields.into_iter().map(field).collect();
        self.with("primarySort", json!({ "fields": fields }))
    }

    /// Stores attributes in one column, so that they are read without the documents. Each call adds a column.
    pub fn stored_values(mut self, values: impl Into<StoredValues>) -> Self {
        let columns = self.attributes.entry("storedValues").or_insert_with(|| json!([]));
        if let Some(columns) = columns.as_array_mut() {
            columns.push(Value::Object(values.into().attributes));
        }
        self
    }

    /// Keeps the keys of the documents in memory.
    ///
    /// Before 3.12.5 in the Enterprise Edition only.
    pub fn cache_keys(self) -> Self {
        self.with("primaryKeyCache", true)
    }

    /// Prepares for queries that return the highest scores, such as `BM25(@doc) DESC`.
    ///
    /// Since 3.12; before 3.12.5 in the Enterprise Edition only.
    pub fn optimize_top_k<S: Into<String>>(self, expressions: impl IntoIterator<Item = S>) -> Self {
        let expressions: Value = expressions.into_iter().map(|one| Value::from(one.into())).collect();
        self.with("optimizeTopK", expressions)
    }

    /// Sets how many threads build it; by default 2.
    pub fn parallelism(self, threads: u64) -> Self {
        self.with("parallelism", threads)
    }

    /// Sets after which time what was written is found; by default a second.
    pub fn commit_interval(self, interval: Duration) -> Self {
        self.with("commitIntervalMsec", u64::try_from(interval.as_millis()).unwrap_or(u64::MAX))
    }

    /// Returns the definition, to name it or to build it in the background.
    #[must_use]
    pub fn into_index(self) -> Index {
        Index::from_attributes(self.attributes)
    }
}

impl InvertedField {
    /// Indexes this attribute; `tags[*]` indexes each element of an array, and `.` separates nested names.
    pub fn new(name: impl Into<String>) -> Self {
        Self { attributes: Map::from_iter([("name".to_owned(), name.into().into())]) }
    }

    /// Indexes attributes of the objects in an array, so that conditions are met by the same object.
    ///
    /// Before 3.12.5 in the Enterprise Edition only.
    pub fn nested<F: Into<Self>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        let fields: Value = fields.into_iter().map(|field| Value::Object(field.into().attributes)).collect();
        self.with("nested", fields)
    }
}

impl StoredValues {
    /// Stores these attributes in one column, compressed.
    pub fn new<F: Into<String>>(fields: impl IntoIterator<Item = F>) -> Self {
        let fields: Value = fields.into_iter().map(|field| Value::from(field.into())).collect();
        Self { attributes: Map::from_iter([("fields".to_owned(), fields)]) }
    }

    /// Does not compress them.
    pub fn uncompressed(mut self) -> Self {
        self.attributes.insert("compression".to_owned(), "none".into());
        self
    }

    /// Keeps them in memory.
    ///
    /// Before 3.12.5 in the Enterprise Edition only.
    pub fn cache(mut self) -> Self {
        self.attributes.insert("cache".to_owned(), true.into());
        self
    }
}

impl<N: Into<String>> From<N> for InvertedField {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}

impl<F: Into<String>, const N: usize> From<[F; N]> for StoredValues {
    fn from(fields: [F; N]) -> Self {
        Self::new(fields)
    }
}

impl From<InvertedIndex> for Index {
    fn from(index: InvertedIndex) -> Self {
        index.into_index()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(index: InvertedIndex) -> Value {
        let index = index.into_index();
        index.check().unwrap();
        serde_json::to_value(index).unwrap()
    }

    #[test]
    fn only_what_was_set_is_sent() {
        let fields = json!([{ "name": "a" }, { "name": "b[*]" }]);
        assert_eq!(json(InvertedIndex::new(["a", "b[*]"])), json!({ "type": "inverted", "fields": fields }));
        let all = json!({ "type": "inverted", "fields": [], "includeAllFields": true });
        assert_eq!(json(InvertedIndex::of_all_fields()), all);
    }

    #[test]
    fn all_options_are_spelled_as_the_server_documents_them() {
        let names = InvertedField::new("n").nested(["first", "last"]);
        let field = InvertedField::new("a").analyzer("text_de").features([AnalyzerFeature::Position]);
        let field = field.search_field().track_list_positions().cache().include_all_fields();
        let index = InvertedIndex::new([field, names])
            .analyzer("text_en")
            .features([AnalyzerFeature::Norm, AnalyzerFeature::Offset])
            .primary_sort([("y", SortDirection::Descending), ("z", SortDirection::Ascending)])
            .stored_values(["p", "q"])
            .stored_values(StoredValues::new(["r"]).uncompressed().cache())
            .cache()
            .cache_keys()
            .optimize_top_k(["BM25(@doc) DESC"])
            .parallelism(4)
            .commit_interval(Duration::from_millis(1500));
        let expected = json!({
            "type": "inverted",
            "fields": [
                { "name": "a", "analyzer": "text_de", "features": ["position"], "searchField": true,
                  "trackListPositions": true, "cache": true, "includeAllFields": true },
                { "name": "n", "nested": [{ "name": "first" }, { "name": "last" }] },
            ],
            "analyzer": "text_en", "features": ["norm", "offset"], "cache": true, "primaryKeyCache": true,
            "primarySort": { "fields": [{ "field": "y", "direction": "desc" }, { "field": "z", "direction": "asc" }] },
            "storedValues": [{ "fields": ["p", "q"] }, { "fields": ["r"], "compression": "none", "cache": true }],
            "optimizeTopK": ["BM25(@doc) DESC"], "parallelism": 4, "commitIntervalMsec": 1500,
        });
        assert_eq!(json(index), expected);
    }

    #[test]
    fn an_index_without_fields_or_with_an_option_of_another_type_is_refused() {
        assert!(InvertedIndex::new([""; 0]).into_index().check().is_err());
        assert!(InvertedIndex::new(["a"]).into_index().unique().check().is_err());
        let named = InvertedIndex::new(["a"]).into_index().named("search").in_background();
        assert!(named.check().is_ok());
    }
}
