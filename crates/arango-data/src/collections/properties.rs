//! The properties of a collection.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, ReplicationFactor, RequestBuilder, Scope,
    open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use super::computed_value::ComputedValue;
use super::id::CollectionId;
use super::info::CollectionType;
use super::key_options::{KeyGenerator, KeyOptions};
use super::schema::Schema;
use crate::names::CollectionName;

open_enum! {
    /// How the shard of a document follows from its shard keys.
    pub enum ShardingStrategy {
        /// By their hash.
        Hash = "hash",
        /// As servers before 3.4 did.
        CommunityCompat = "community-compat",
        /// As Enterprise servers before 3.4 did.
        EnterpriseCompat = "enterprise-compat",
        /// As Enterprise servers before 3.4 did for edges of smart graphs.
        EnterpriseSmartEdgeCompat = "enterprise-smart-edge-compat",
        /// For edges of smart graphs.
        EnterpriseHashSmartEdge = "enterprise-hash-smart-edge",
        /// For vertices of smart graphs.
        EnterpriseHexSmartVertex = "enterprise-hex-smart-vertex",
    }
}

/// The properties of a collection.
#[expect(clippy::struct_excessive_bools, reason = "the properties are independent")]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CollectionProperties {
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
    /// Whether each write waits until it is on disk.
    #[serde(default)]
    pub wait_for_sync: bool,
    /// How keys are made.
    pub key_options: Option<KeyOptions>,
    /// The schema of the documents.
    pub schema: Option<Schema>,
    /// The attributes that the server computes.
    pub computed_values: Option<Vec<ComputedValue>>,
    /// Whether documents are cached in memory.
    #[serde(default)]
    pub cache_enabled: bool,
    /// The number of shards.
    pub number_of_shards: Option<u64>,
    /// The attributes that decide about the shard of a document.
    #[serde(default)]
    pub shard_keys: Vec<String>,
    /// The number of copies of each shard.
    ///
    /// It may be out of date if the shards are [distributed](Self::distribute_shards_like) like those of another
    /// collection.
    pub replication_factor: Option<ReplicationFactor>,
    /// The number of copies that must be in sync for writes.
    pub write_concern: Option<u64>,
    /// How the shard of a document follows from the shard keys.
    pub sharding_strategy: Option<ShardingStrategy>,
    /// The collection whose shards are on the same servers.
    pub distribute_shards_like: Option<String>,
    /// Whether it belongs to a smart graph.
    #[serde(default)]
    pub is_smart: bool,
    /// The attribute that shards a smart graph.
    pub smart_graph_attribute: Option<String>,
    /// The attribute that a smart join needs in keys.
    pub smart_join_attribute: Option<String>,
}

impl CollectionProperties {
    /// Returns whether documents may be inserted under [generated keys](crate::Key::generate).
    ///
    /// They may not if only the server makes keys, or if a key must have a certain shape.
    pub fn accepts_generated_keys(&self) -> bool {
        let is_generator_free = self
            .key_options
            .as_ref()
            .is_none_or(|options| options.allow_user_keys && options.generator == KeyGenerator::Traditional);
        is_generator_free
            && (self.shard_keys.is_empty() || self.shard_keys == ["_key"])
            && !self.is_smart
            && self.smart_join_attribute.is_none()
    }
}

/// Returns the properties of a collection.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCollectionProperties {
    /// The collection.
    pub collection: CollectionName,
}

impl Operation for GetCollectionProperties {
    type Output = CollectionProperties;

    const METADATA: Metadata =
        Metadata::get("collection.properties", "/_api/collection/{collection}/properties")
            .scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("collection", self.collection.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CollectionProperties, OutputError> {
        response.json()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, name, read};
    use serde_json::{Value, json};

    /// The properties of a collection, with some of them changed.
    pub(in crate::collections) fn properties(changed: &Value) -> String {
        let mut properties = json!({
            "error": false, "code": 200, "id": "101", "name": "books", "type": 2, "status": 3,
            "statusString": "loaded", "isSystem": false, "globallyUniqueId": "c101/", "waitForSync": false,
            "keyOptions": { "type": "traditional", "allowUserKeys": true, "lastValue": 7 }, "schema": null,
            "computedValues": null, "cacheEnabled": false, "syncByRevision": true, "numberOfShards": 3,
            "shardKeys": ["_key"], "replicationFactor": 2, "writeConcern": 1, "minReplicationFactor": 1,
            "shardingStrategy": "hash", "isSmart": false, "isDisjoint": false, "isSmartChild": false,
            "aNewProperty": {},
        });
        properties.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        properties.to_string()
    }

    fn get(changed: &Value) -> CollectionProperties {
        read(&GetCollectionProperties { collection: name("books") }, &properties(changed))
    }

    #[test]
    fn properties_of_any_version_are_read() {
        let operation = GetCollectionProperties { collection: name("books") };
        assert_request(&operation, "GET", "/_api/collection/books/properties");
        let properties = get(&json!({}));
        assert_eq!(properties.replication_factor, Some(ReplicationFactor::Copies(2)));
        assert_eq!((properties.number_of_shards, properties.write_concern), (Some(3), Some(1)));
        assert_eq!(properties.sharding_strategy, Some(ShardingStrategy::Hash));
        let satellite = get(&json!({ "replicationFactor": "satellite", "writeConcern": 0 }));
        assert_eq!(satellite.replication_factor, Some(ReplicationFactor::Satellite));
    }

    #[test]
    fn collections_that_refuse_generated_keys_are_recognised() {
        assert!(get(&json!({})).accepts_generated_keys());
        for changed in [
            json!({ "keyOptions": { "type": "traditional", "allowUserKeys": false } }),
            json!({ "keyOptions": { "type": "padded", "allowUserKeys": true } }),
            json!({ "shardKeys": ["country"] }),
            json!({ "isSmart": true }),
            json!({ "smartJoinAttribute": "country" }),
        ] {
            assert!(!get(&changed).accepts_generated_keys(), "{changed}");
        }
    }

    #[test]
    fn schema_and_computed_values_are_read() {
        let properties = get(&json!({
            "schema": { "rule": { "type": "object" }, "level": "moderate", "message": "no", "type": "json" },
            "computedValues": [{ "name": "at", "expression": "RETURN DATE_NOW()", "computeOn": ["insert"] }],
        }));
        assert_eq!(properties.schema.unwrap().level.as_str(), "moderate");
        let computed = &properties.computed_values.unwrap()[0];
        assert!(computed.keep_null && !computed.overwrite && computed.compute_on.len() == 1);
    }

    #[test]
    fn properties_are_written_under_the_names_of_the_server() {
        let properties =
            get(&json!({ "schema": { "rule": { "type": "object" }, "level": "new", "message": "no" } }));
        assert_written(
            &properties,
            &[
                ("/type", 2.into()),
                ("/numberOfShards", 3.into()),
                ("/keyOptions/allowUserKeys", true.into()),
                ("/schema/level", "new".into()),
                ("/shardingStrategy", "hash".into()),
            ],
        );
    }
}
