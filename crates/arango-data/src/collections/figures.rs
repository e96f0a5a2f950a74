//! How large a collection is.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::names::CollectionName;

/// Returns how large a collection is.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCollectionFigures {
    /// The collection.
    pub collection: CollectionName,
}

/// How large a collection is. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CollectionFigures {
    /// The number of documents.
    pub count: u64,
    /// The estimated size of the documents.
    pub documents_size: u64,
    /// The indexes, with the primary one.
    pub indexes: IndexFigures,
    /// Whether documents are cached in memory.
    #[serde(rename = "cacheInUse")]
    pub is_cached: bool,
    /// The size of the cache.
    pub cache_size: u64,
    /// How much of the cache is used.
    pub cache_usage: u64,
}

/// How large the indexes of a collection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct IndexFigures {
    /// The number of indexes.
    pub count: u64,
    /// The estimated size of all indexes, in bytes.
    pub size: u64,
}

impl Operation for GetCollectionFigures {
    type Output = CollectionFigures;

    const METADATA: Metadata =
        Metadata::get("collection.figures", "/_api/collection/{collection}/figures").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.collection.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CollectionFigures, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            count: u64,
            figures: Figures,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Figures {
            indexes: IndexFigures,
            #[serde(default)]
            documents_size: u64,
            #[serde(default)]
            cache_in_use: bool,
            #[serde(default)]
            cache_size: u64,
            #[serde(default)]
            cache_usage: u64,
        }
        let Body { count, figures } = response.json()?;
        Ok(CollectionFigures {
            count,
            documents_size: figures.documents_size,
            indexes: figures.indexes,
            is_cached: figures.cache_in_use,
            cache_size: figures.cache_size,
            cache_usage: figures.cache_usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, name, read};

    #[test]
    fn figures_are_read_beside_the_properties() {
        let get = GetCollectionFigures { collection: name("books") };
        assert_request(&get, "GET", "/_api/collection/books/figures");
        let body = r#"{"error":false,"code":200,"id":"101","name":"books","count":7,"figures":{"indexes":{"count":2,
            "size":300},"documentsSize":4000,"cacheInUse":false,"cacheSize":0,"cacheUsage":0,"engine":{}}}"#;
        let figures = read(&get, body);
        assert_eq!((figures.count, figures.documents_size, figures.indexes.size), (7, 4000, 300));
    }

    #[test]
    fn figures_are_written_flat_under_the_names_of_the_server() {
        let indexes = IndexFigures { count: 2, size: 300 };
        let figures = CollectionFigures {
            count: 7,
            documents_size: 4000,
            indexes,
            is_cached: true,
            cache_size: 5,
            cache_usage: 6,
        };
        let expected = serde_json::json!({
            "count": 7, "documentsSize": 4000, "indexes": { "count": 2, "size": 300 }, "cacheInUse": true,
            "cacheSize": 5, "cacheUsage": 6,
        });
        assert_eq!(serde_json::to_value(figures).unwrap(), expected);
    }
}
