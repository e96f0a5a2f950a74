//! Where the shards of a collection are.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use http::header::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::json::DocumentBody;
use crate::names::CollectionName;

/// Returns the shards of a collection and their DB-Servers.
///
/// Shards without servers are left out.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCollectionShards {
    /// The collection.
    pub collection: CollectionName,
}

/// The DB-Servers of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShardReplicas {
    /// The leader; `None` if it has resigned.
    pub leader: Option<String>,
    /// The followers.
    pub followers: Vec<String>,
}

impl ShardReplicas {
    /// The leader comes first; a leading `_` marks one that has resigned.
    #[inline]
    fn of(servers: Vec<String>) -> Self {
        let mut servers = servers.into_iter();
        let leader = servers.next().filter(|leader| !leader.starts_with('_'));
        Self { leader, followers: servers.collect() }
    }
}

impl Operation for GetCollectionShards {
    /// Servers by the names of shards.
    type Output = BTreeMap<String, ShardReplicas>;

    const METADATA: Metadata =
        Metadata::get("collection.shards", "/_api/collection/{collection}/shards").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("collection", self.collection.as_str())
            .query("details", "true")
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<BTreeMap<String, ShardReplicas>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            shards: BTreeMap<String, Vec<String>>,
        }
        let shards = response.json::<Body>()?.shards.into_iter();
        Ok(shards.map(|(shard, servers)| (shard, ShardReplicas::of(servers))).collect())
    }
}

/// Returns the shard that a document belongs to.
///
/// The document need not exist.
///
/// # Errors
///
/// 400 with error 1468 if the document lacks a shard key; 404 with error 1203 if the collection does not exist.
#[derive(Clone)]
pub struct GetResponsibleShard {
    collection: CollectionName,
    document: DocumentBody,
}

impl GetResponsibleShard {
    /// Looks for the shard of a document with these shard keys.
    #[must_use]
    pub fn new<T: Serialize + ?Sized>(collection: &CollectionName, document: &T) -> Self {
        Self { collection: collection.clone(), document: DocumentBody::new(document) }
    }
}

impl Operation for GetResponsibleShard {
    type Output = String;

    const METADATA: Metadata =
        Metadata::put("collection.responsible_shard", "/_api/collection/{collection}/responsibleShard")
            .safe()
            .scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("collection", self.collection.as_str())
            .bytes(self.document.to_bytes()?, HeaderValue::from_static("application/json"))
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            shard_id: String,
        }
        response.json::<Body>().map(|body| body.shard_id)
    }
}

// Without the document, which may be secret.
impl std::fmt::Debug for GetResponsibleShard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GetResponsibleShard").field("collection", &self.collection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_request_with_body, name, read};
    use serde_json::json;

    #[test]
    fn the_leader_comes_first_and_may_have_resigned() {
        let get = GetCollectionShards { collection: name("books") };
        assert_request(&get, "GET", "/_api/collection/books/shards?details=true");
        let body = r#"{"error":false,"code":200,"shards":{"s101":["PRMR-a","PRMR-b"],"s102":["_PRMR-b"]}}"#;
        let shards = read(&get, body);
        assert_eq!((shards["s101"].leader.as_deref(), shards["s101"].followers.len()), (Some("PRMR-a"), 1));
        assert_eq!(shards["s102"].leader, None);
    }

    #[test]
    fn the_shard_follows_from_the_shard_keys() {
        let get = GetResponsibleShard::new(&name("books"), &json!({ "_key": "dune" }));
        let uri = "/_api/collection/books/responsibleShard";
        assert_request_with_body(&get, "PUT", uri, r#"{"_key":"dune"}"#);
        assert_eq!(read(&get, r#"{"error":false,"code":200,"shardId":"s101"}"#), "s101");
    }
}
