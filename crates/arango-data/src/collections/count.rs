//! Counting the documents of a collection.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::names::CollectionName;

/// Counts the documents of a collection.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountDocuments {
    /// The collection.
    pub collection: CollectionName,
}

/// Counts the documents of each shard of a collection.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountDocumentsByShard {
    /// The collection.
    pub collection: CollectionName,
}

impl Operation for CountDocuments {
    type Output = u64;

    const METADATA: Metadata =
        Metadata::get("collection.count", "/_api/collection/{collection}/count").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.collection.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<u64, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            count: u64,
        }
        response.json::<Body>().map(|body| body.count)
    }
}

impl Operation for CountDocumentsByShard {
    /// Numbers of documents by the names of shards.
    type Output = BTreeMap<String, u64>;

    const METADATA: Metadata =
        Metadata::get("collection.count_by_shard", "/_api/collection/{collection}/count")
            .scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("collection", self.collection.as_str())
            .query("details", "true")
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<BTreeMap<String, u64>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            count: BTreeMap<String, u64>,
        }
        response.json::<Body>().map(|body| body.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, name, read};

    #[test]
    fn documents_are_counted_in_all_and_by_shard() {
        let collection = name("books");
        let count = CountDocuments { collection: collection.clone() };
        assert_request(&count, "GET", "/_api/collection/books/count");
        assert_eq!(read(&count, r#"{"error":false,"code":200,"id":"101","name":"books","count":7}"#), 7);
        let by_shard = CountDocumentsByShard { collection };
        assert_request(&by_shard, "GET", "/_api/collection/books/count?details=true");
        let counts = read(&by_shard, r#"{"error":false,"code":200,"count":{"s101":3,"s102":4}}"#);
        assert_eq!(counts["s102"], 4);
    }
}
