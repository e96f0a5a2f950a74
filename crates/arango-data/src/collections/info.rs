//! Which collections there are.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use super::id::CollectionId;
use crate::names::CollectionName;

/// What a collection contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
#[non_exhaustive]
pub enum CollectionType {
    /// Documents.
    Document,
    /// Edges: documents with `_from` and `_to`.
    Edge,
    /// A number unknown to this version of the crate.
    Unknown(u64),
}

impl From<u64> for CollectionType {
    fn from(number: u64) -> Self {
        match number {
            2 => Self::Document,
            3 => Self::Edge,
            other => Self::Unknown(other),
        }
    }
}

impl From<CollectionType> for u64 {
    fn from(this: CollectionType) -> Self {
        match this {
            CollectionType::Document => 2,
            CollectionType::Edge => 3,
            CollectionType::Unknown(other) => other,
        }
    }
}

/// Which collection this is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CollectionInfo {
    /// The id.
    pub id: CollectionId,
    /// The name.
    pub name: CollectionName,
    /// What it contains.
    #[serde(rename = "type")]
    pub collection_type: CollectionType,
    /// Whether it is a system collection.
    #[serde(default)]
    pub is_system: bool,
}

/// Lists the collections of a database, without system collections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListCollections {
    includes_system: bool,
}

impl ListCollections {
    /// Lists the collections that users have created.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists system collections, too.
    #[must_use]
    pub fn include_system(mut self) -> Self {
        self.includes_system = true;
        self
    }
}

impl Operation for ListCollections {
    type Output = Vec<CollectionInfo>;

    const METADATA: Metadata = Metadata::get("collection.list", "/_api/collection").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        if self.includes_system { builder } else { builder.query("excludeSystem", "true") }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<CollectionInfo>, OutputError> {
        response.json_result()
    }
}

/// Returns the id and the type of a collection.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCollection {
    /// The collection.
    pub collection: CollectionName,
}

impl Operation for GetCollection {
    type Output = CollectionInfo;

    const METADATA: Metadata =
        Metadata::get("collection.get", "/_api/collection/{collection}").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.collection.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CollectionInfo, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, name, read};

    const BOOKS: &str =
        r#"{"id":"101","name":"books","status":3,"type":3,"isSystem":false,"globallyUniqueId":"c1/"}"#;

    #[test]
    fn collections_are_listed_without_those_of_the_system() {
        assert_request(&ListCollections::new(), "GET", "/_api/collection?excludeSystem=true");
        assert_request(&ListCollections::new().include_system(), "GET", "/_api/collection");
        let body = format!(r#"{{"error":false,"code":200,"result":[{BOOKS}]}}"#);
        let collections = read(&ListCollections::new(), &body);
        assert_eq!(
            (&collections[0].id, collections[0].collection_type),
            (&"101".into(), CollectionType::Edge)
        );
    }

    #[test]
    fn a_collection_is_read_also_without_the_status_that_4_0_does_not_send() {
        let get = GetCollection { collection: name("books") };
        assert_request(&get, "GET", "/_api/collection/books");
        let body = r#"{"error":false,"code":200,"id":"101","name":"books","type":7}"#;
        assert_eq!(read(&get, body).collection_type, CollectionType::Unknown(7));
    }
}
