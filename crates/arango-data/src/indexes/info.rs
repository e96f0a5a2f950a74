//! Which indexes a collection has.

use std::fmt;
use std::time::Duration;

use arango_protocol::values::seconds;
use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope, open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::id::IndexId;
use crate::names::CollectionName;

open_enum! {
    /// What an index is for.
    pub enum IndexType {
        /// Keys; each collection has it.
        Primary = "primary",
        /// `_from` and `_to`; each collection of edges has it.
        Edge = "edge",
        /// Equality, ranges and sorting.
        Persistent = "persistent",
        /// Removal of documents after some time.
        Ttl = "ttl",
        /// Places and shapes.
        Geo = "geo",
        /// Words; gone in 4.0.
        Fulltext = "fulltext",
        /// Search.
        Inverted = "inverted",
        /// Ranges of several numbers; `zkd` before 3.12.
        MultiDimensional = "mdi" | "zkd",
        /// Ranges of several numbers within equal prefixes.
        MultiDimensionalWithPrefix = "mdi-prefixed",
        /// Similar vectors.
        Vector = "vector",
    }
}

/// An index of a collection.
///
/// `Display` writes what it is for in a few words: `books/7 by_year: persistent(year, title), unique`.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IndexInfo {
    /// The id.
    pub id: IndexId,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub index_type: IndexType,
    /// The fields, as JSON: names, and for search also objects.
    #[serde(default)]
    pub fields: Vec<Value>,
    /// Whether documents with equal values are refused.
    #[serde(default)]
    pub unique: bool,
    /// Whether documents without a value are left out.
    #[serde(default)]
    pub sparse: bool,
    /// How selective it is, from 0 to 1, if that is estimated.
    pub selectivity_estimate: Option<f64>,
    /// After which time documents are removed.
    #[serde(default, deserialize_with = "seconds::optional", serialize_with = "seconds::write_optional")]
    pub expire_after: Option<Duration>,
    /// How much of it was built, in percent, while it is being built.
    pub progress: Option<f64>,
    /// All other attributes, by type.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl IndexInfo {
    /// Decodes an index that is the whole response.
    #[inline]
    pub(super) fn from_response(response: &ApiResponse) -> Result<Self, OutputError> {
        let mut index: Self = response.json()?;
        // These belong to the response, and not to the index.
        index.other.remove("error");
        index.other.remove("code");
        Ok(index)
    }
}

/// The id, the name, the type, the fields and what is special.
impl fmt::Display for IndexInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        write!(f, ": {}({})", self.index_type, field_names(&self.fields))?;
        for (name, is_set) in [("unique", self.unique), ("sparse", self.sparse)] {
            if is_set {
                write!(f, ", {name}")?;
            }
        }
        if let Some(time) = self.expire_after {
            write!(f, ", documents expire after {time:?}")?;
        }
        if let Some(progress) = self.progress.filter(|progress| *progress < 100.0) {
            write!(f, ", {progress:.0} % built")?;
        }
        Ok(())
    }
}

/// Lists the names of fields; a field of a search is an object with a name.
pub(super) fn field_names(fields: &[Value]) -> String {
    let name = |field: &Value| {
        let name = field.get("name").unwrap_or(field);
        name.as_str().map_or_else(|| name.to_string(), str::to_owned)
    };
    fields.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Lists the indexes of a collection.
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListIndexes {
    collection: CollectionName,
    includes_hidden: bool,
}

impl ListIndexes {
    /// Lists the indexes that can be used.
    #[must_use]
    pub fn new(collection: &CollectionName) -> Self {
        Self { collection: collection.clone(), includes_hidden: false }
    }

    /// Lists those that are being built, too.
    ///
    /// Since 3.10.13 and 3.11.7 with their progress.
    #[must_use]
    pub fn include_hidden(mut self) -> Self {
        self.includes_hidden = true;
        self
    }
}

impl Operation for ListIndexes {
    type Output = Vec<IndexInfo>;

    const METADATA: Metadata = Metadata::get("index.list", "/_api/index").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA).query("collection", self.collection.as_str());
        if self.includes_hidden { builder.query("withHidden", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<IndexInfo>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            indexes: Vec<IndexInfo>,
        }
        Ok(response.json::<Body>()?.indexes)
    }
}

/// Returns an index.
///
/// # Errors
///
/// 404 with error 1212 if it does not exist, and with error 1203 if its collection does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetIndex {
    /// The index.
    pub id: IndexId,
}

impl Operation for GetIndex {
    type Output = IndexInfo;

    const METADATA: Metadata = Metadata::get("index.get", "/_api/index/{id}").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_segments("id", self.id.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<IndexInfo, OutputError> {
        IndexInfo::from_response(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, name, read};

    #[test]
    fn the_indexes_of_any_version_are_listed() {
        assert_request(&ListIndexes::new(&name("books")), "GET", "/_api/index?collection=books");
        let hidden = ListIndexes::new(&name("books")).include_hidden();
        assert_request(&hidden, "GET", "/_api/index?collection=books&withHidden=true");
        let body = r#"{"error":false,"code":200,"identifiers":{},"indexes":[
            {"id":"books/0","type":"primary","name":"primary","fields":["_key"],"unique":true,"sparse":false},
            {"id":"books/7","type":"zkd","name":"z","fields":["x"],"unique":false,"sparse":false,"progress":12.5},
            {"id":"books/8","type":"inverted","name":"i","fields":[{"name":"a"}],"unique":false,"sparse":true,"version":1},
            {"id":"books/9","type":"ttl","name":"t","fields":["at"],"unique":false,"sparse":true,"expireAfter":60}]}"#;
        let indexes = read(&ListIndexes::new(&name("books")), body);
        assert_eq!(indexes[0].index_type, IndexType::Primary);
        assert_eq!((&indexes[1].index_type, indexes[1].progress), (&IndexType::MultiDimensional, Some(12.5)));
        assert_eq!(indexes[2].other["version"], 1);
        assert_eq!(indexes[3].expire_after, Some(Duration::from_secs(60)));
    }

    #[test]
    fn an_index_is_displayed_in_one_short_line() {
        let body = r#"{"indexes":[
            {"id":"books/0","type":"primary","name":"primary","fields":["_key"],"unique":true,"sparse":false,
             "selectivityEstimate":1,"storedValues":[],"cacheEnabled":false},
            {"id":"books/7","type":"inverted","name":"","fields":[{"name":"a"},"tags[*]"],"progress":12.5},
            {"id":"books/9","type":"ttl","name":"t","fields":["at"],"sparse":true,"expireAfter":60,"progress":100}]}"#;
        let indexes = read(&ListIndexes::new(&name("books")), body);
        let lines: Vec<String> = indexes.iter().map(IndexInfo::to_string).collect();
        let expected = [
            "books/0 primary: primary(_key), unique",
            "books/7: inverted(a, tags[*]), 12 % built",
            "books/9 t: ttl(at), sparse, documents expire after 60s",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_belongs_to_the_response_is_no_attribute_of_the_index() {
        let get = GetIndex { id: IndexId::new("books/7").unwrap() };
        let body = r#"{"error":false,"code":200,"id":"books/7","type":"persistent","name":"by_year","fields":["year"],
            "estimates":true}"#;
        assert_eq!(read(&get, body).other.keys().collect::<Vec<_>>(), ["estimates"]);
    }

    #[test]
    fn the_slash_of_an_id_stays() {
        let get = GetIndex { id: IndexId::new("a b/12").unwrap() };
        assert_request(&get, "GET", "/_api/index/a%20b/12");
    }

    #[test]
    fn an_index_is_written_under_the_names_of_the_server_with_what_is_not_known() {
        let body = r#"{"id":"books/9","type":"ttl","name":"t","fields":["at"],"unique":false,"sparse":true,
            "selectivityEstimate":0.5,"expireAfter":60,"estimates":true}"#;
        let index = read(&GetIndex { id: IndexId::new("books/9").unwrap() }, body);
        let expected = [
            ("/type", "ttl".into()),
            ("/expireAfter", 60.0.into()),
            ("/selectivityEstimate", 0.5.into()),
            ("/estimates", true.into()),
        ];
        assert_written(&index, &expected);
    }
}
