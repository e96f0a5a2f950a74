//! Changing the properties of a collection.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, ReplicationFactor, RequestBuilder,
    Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::computed_value::ComputedValue;
use super::properties::CollectionProperties;
use super::schema::Schema;
use crate::json::Patch;
use crate::names::CollectionName;

/// Changes properties of a collection; what is not set stays.
///
/// All others are fixed when a collection is created. It is sent once: a late copy would undo a later change.
///
/// # Errors
///
/// 404 with error 1203 if it does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct SetCollectionProperties {
    collection: CollectionName,
    body: Body,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_for_sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Patch::is_keep")]
    schema: Patch<Schema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    computed_values: Option<Vec<ComputedValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_factor: Option<ReplicationFactor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_concern: Option<u64>,
}

impl SetCollectionProperties {
    /// Changes nothing yet.
    #[must_use]
    #[inline]
    pub fn new(collection: &CollectionName) -> Self {
        Self { collection: collection.clone(), body: Body::default() }
    }

    /// Waits with each write until it is on disk.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.body.wait_for_sync = Some(true);
        self
    }

    /// Waits for the disk only with writes that ask for it.
    #[must_use]
    pub fn skip_waiting_for_sync(mut self) -> Self {
        self.body.wait_for_sync = Some(false);
        self
    }

    /// Caches documents in memory.
    #[must_use]
    pub fn cache(mut self) -> Self {
        self.body.cache_enabled = Some(true);
        self
    }

    /// Does not cache documents in memory.
    #[must_use]
    pub fn disable_cache(mut self) -> Self {
        self.body.cache_enabled = Some(false);
        self
    }

    /// Replaces the schema, for documents that are written from now on.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.body.schema = Patch::Set(schema);
        self
    }

    /// Removes the schema.
    #[must_use]
    pub fn remove_schema(mut self) -> Self {
        self.body.schema = Patch::Null;
        self
    }

    /// Replaces the attributes that the server computes.
    ///
    /// Documents get them when they are written next.
    #[must_use]
    pub fn computed_values(mut self, values: impl IntoIterator<Item = ComputedValue>) -> Self {
        self.body.computed_values = Some(values.into_iter().collect());
        self
    }

    /// Sets the number of copies of each shard.
    #[must_use]
    pub fn replication_factor(mut self, factor: impl Into<ReplicationFactor>) -> Self {
        self.body.replication_factor = Some(factor.into());
        self
    }

    /// Sets the number of copies that must be in sync for writes.
    #[must_use]
    pub fn write_concern(mut self, copies: u64) -> Self {
        self.body.write_concern = Some(copies);
        self
    }
}

impl Operation for SetCollectionProperties {
    type Output = CollectionProperties;

    const METADATA: Metadata =
        Metadata::put("collection.set_properties", "/_api/collection/{collection}/properties")
            .scope(Scope::Database)
            .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("collection", self.collection.as_str())
            .json(&self.body)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CollectionProperties, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, name};

    const URI: &str = "/_api/collection/books/properties";

    #[test]
    fn only_what_was_set_is_changed() {
        let set = SetCollectionProperties::new(&name("books"));
        assert_request_with_body(&set, "PUT", URI, "{}");
        let changed =
            set.disable_cache().remove_schema().write_concern(2).replication_factor(3).computed_values([]);
        let body = r#"{"cacheEnabled":false,"schema":null,"computedValues":[],"replicationFactor":3,"writeConcern":2}"#;
        assert_request_with_body(&changed, "PUT", URI, body);
    }
}
