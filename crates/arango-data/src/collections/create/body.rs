//! The body of the request that creates a collection.

use arango_protocol::ReplicationFactor;
use serde::Serialize;

use crate::collections::computed_value::ComputedValue;
use crate::collections::info::CollectionType;
use crate::collections::key_options::KeyOptions;
use crate::collections::properties::ShardingStrategy;
use crate::collections::schema::Schema;
use crate::names::CollectionName;

/// The body of the request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::collections) struct Body {
    pub(in crate::collections) name: CollectionName,
    #[serde(rename = "type")]
    pub(in crate::collections) collection_type: CollectionType,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::collections) is_system: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) wait_for_sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) schema: Option<Schema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) computed_values: Option<Vec<ComputedValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) key_options: Option<KeyOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) cache_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) number_of_shards: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) shard_keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) replication_factor: Option<ReplicationFactor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) write_concern: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) sharding_strategy: Option<ShardingStrategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) distribute_shards_like: Option<CollectionName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::collections) smart_join_attribute: Option<String>,
}

impl Body {
    pub(super) fn new(name: &CollectionName) -> Self {
        Self {
            name: name.clone(),
            collection_type: CollectionType::Document,
            is_system: false,
            wait_for_sync: None,
            schema: None,
            computed_values: None,
            key_options: None,
            cache_enabled: None,
            number_of_shards: None,
            shard_keys: None,
            replication_factor: None,
            write_concern: None,
            sharding_strategy: None,
            distribute_shards_like: None,
            smart_join_attribute: None,
        }
    }
}
