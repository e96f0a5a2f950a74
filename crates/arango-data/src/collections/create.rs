//! Creating a collection.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, ErrorNumber, ErrorObject, Failure, Metadata,
    Operation, OutputError, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::computed_value::ComputedValue;
use super::ensure::EnsureCollection;
use super::info::CollectionType;
use super::key_options::KeyOptions;
use super::properties::{CollectionProperties, GetCollectionProperties, ShardingStrategy};
use super::replication_factor::ReplicationFactor;
use super::schema::Schema;
use crate::names::CollectionName;

/// Creates a collection.
///
/// What is not set has the default of the database or the server. In a database with
/// [one shard](crate::DatabaseSharding::Single) the server itself decides about shards and copies.
///
/// ```
/// use arango_data::{CollectionName, CreateCollection};
/// use arango_protocol::Operation;
///
/// let books = CollectionName::new("books")?;
/// let create = CreateCollection::new(&books).shards(3).replication_factor(3).write_concern(2).wait_for_replicas();
/// let request = create.request()?;
/// assert_eq!(request.uri(), "/_api/collection?waitForSyncReplication=true");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// 409 with error 1207 if a collection or view has the name, see [`ensure`](Self::ensure); 400 with error 1208 if the
/// name is not allowed, and with error 1450 if there are too many shards; 500 with error 1487 if there are fewer
/// DB-Servers than copies.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateCollection {
    pub(super) body: Body,
    waits_for_replicas: Option<bool>,
    allows_fewer_replicas: bool,
}

/// The body of the request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) name: CollectionName,
    #[serde(rename = "type")]
    pub(super) collection_type: CollectionType,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_system: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wait_for_sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<Schema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) computed_values: Option<Vec<ComputedValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_options: Option<KeyOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number_of_shards: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shard_keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replication_factor: Option<ReplicationFactor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) write_concern: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sharding_strategy: Option<ShardingStrategy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) distribute_shards_like: Option<CollectionName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smart_join_attribute: Option<String>,
}

impl CreateCollection {
    /// Creates a collection of documents with this name.
    #[must_use]
    pub fn new(name: &CollectionName) -> Self {
        let body = Body {
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
        };
        Self { body, waits_for_replicas: None, allows_fewer_replicas: false }
    }

    /// Creates a collection of edges.
    #[must_use]
    pub fn edge(mut self) -> Self {
        self.body.collection_type = CollectionType::Edge;
        self
    }

    /// Creates a system collection; its name begins with `_`.
    #[must_use]
    pub fn system(mut self) -> Self {
        self.body.is_system = true;
        self
    }

    /// Sets the number of shards, which never changes; the server's default is 1.
    #[must_use]
    pub fn shards(mut self, count: u64) -> Self {
        self.body.number_of_shards = Some(count);
        self
    }

    /// Sets the attributes that decide about the shard of a document; the server's default is `_key`.
    ///
    /// With others, only the server makes keys.
    #[must_use]
    pub fn shard_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.body.shard_keys = Some(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the number of copies of each shard.
    #[must_use]
    pub fn replication_factor(mut self, factor: impl Into<ReplicationFactor>) -> Self {
        self.body.replication_factor = Some(factor.into());
        self
    }

    /// Sets the number of copies that must be in sync for a write.
    ///
    /// With 1, a failover may lose acknowledged writes.
    #[must_use]
    pub fn write_concern(mut self, copies: u64) -> Self {
        self.body.write_concern = Some(copies);
        self
    }

    /// Sets how the shard of a document follows from the shard keys.
    #[must_use]
    pub fn sharding_strategy(mut self, strategy: ShardingStrategy) -> Self {
        self.body.sharding_strategy = Some(strategy);
        self
    }

    /// Puts the shards on the same servers as those of another collection.
    ///
    /// The number of shards and copies is then that of the other collection.
    #[must_use]
    pub fn distribute_shards_like(mut self, other: &CollectionName) -> Self {
        self.body.distribute_shards_like = Some(other.clone());
        self
    }

    /// Sets the attribute that a smart join needs in keys.
    #[must_use]
    pub fn smart_join_attribute(mut self, name: impl Into<String>) -> Self {
        self.body.smart_join_attribute = Some(name.into());
        self
    }

    /// Waits with each write until it is on disk.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.body.wait_for_sync = Some(true);
        self
    }

    /// Sets the schema of the documents.
    #[must_use]
    pub fn schema(mut self, schema: Schema) -> Self {
        self.body.schema = Some(schema);
        self
    }

    /// Sets the attributes that the server computes.
    #[must_use]
    pub fn computed_values(mut self, values: impl IntoIterator<Item = ComputedValue>) -> Self {
        self.body.computed_values = Some(values.into_iter().collect());
        self
    }

    /// Sets how keys are made.
    #[must_use]
    pub fn key_options(mut self, options: KeyOptions) -> Self {
        self.body.key_options = Some(options);
        self
    }

    /// Caches documents in memory.
    #[must_use]
    pub fn cache(mut self) -> Self {
        self.body.cache_enabled = Some(true);
        self
    }

    /// Waits until all copies of the shards exist, which is the server's default.
    #[must_use]
    pub fn wait_for_replicas(mut self) -> Self {
        self.waits_for_replicas = Some(true);
        self
    }

    /// Returns when the leaders of the shards exist.
    #[must_use]
    pub fn skip_waiting_for_replicas(mut self) -> Self {
        self.waits_for_replicas = Some(false);
        self
    }

    /// Creates the collection even if there are fewer DB-Servers than copies.
    #[must_use]
    pub fn allow_fewer_replicas(mut self) -> Self {
        self.allows_fewer_replicas = true;
        self
    }

    /// Creates the collection, or compares it if there is one of the name.
    #[must_use]
    pub fn ensure(self) -> EnsureCollection {
        EnsureCollection::new(self)
    }

    pub(super) fn builder(&self, metadata: Metadata) -> RequestBuilder {
        let mut builder = RequestBuilder::new(metadata);
        if let Some(waits) = self.waits_for_replicas {
            builder = builder.query("waitForSyncReplication", if waits { "true" } else { "false" });
        }
        if self.allows_fewer_replicas {
            builder = builder.query("enforceReplicationFactor", "false");
        }
        builder.creates(CreatedResource::collection(self.body.name.as_str())).json(&self.body)
    }

    pub(super) fn read_existing(&self) -> GetCollectionProperties {
        GetCollectionProperties { collection: self.body.name.clone() }
    }
}

/// Concludes what an error says about the creation of a collection.
pub(super) fn conclude_refused<T>(object: &ErrorObject) -> Conclusion<T> {
    if object.number == ErrorNumber::DATA_SOURCE_NOT_FOUND {
        Conclusion::NotSeen
    } else {
        Conclusion::CannotTell
    }
}

impl Operation for CreateCollection {
    type Output = CollectionProperties;

    const METADATA: Metadata = Metadata::post("collection.create", "/_api/collection").scope(Scope::Database);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.builder(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<CollectionProperties, OutputError> {
        response.json()
    }
}

impl Resolve for CreateCollection {
    type Question = GetCollectionProperties;

    fn question(&self, failure: &Failure) -> Option<GetCollectionProperties> {
        let is_own_name =
            failure.number == Some(ErrorNumber::DUPLICATE_NAME) && failure.has_ambiguous_predecessor;
        (failure.is_response_lost() || is_own_name).then(|| self.read_existing())
    }

    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<CollectionProperties, &ErrorObject>,
    ) -> Conclusion<CollectionProperties> {
        match answer {
            Ok(properties) if self.differences(&properties).is_empty() => Conclusion::Executed(properties),
            Ok(_) => Conclusion::Superseded,
            Err(object) => conclude_refused(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections::properties::tests::properties;
    use crate::collections::{KeyGenerator, SchemaLevel};
    use crate::testing::{name, read, request_parts};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};
    use serde_json::{Value, json};

    fn create() -> CreateCollection {
        CreateCollection::new(&name("books"))
    }

    #[test]
    fn only_what_was_set_is_sent() {
        let (method, uri, body) = request_parts(&create()).unwrap();
        let bare = r#"{"name":"books","type":2}"#;
        assert_eq!((method.as_str(), uri.as_str(), body.as_str()), ("POST", "/_api/collection", bare));
        let full = create()
            .edge()
            .shards(3)
            .shard_keys(["country"])
            .replication_factor(ReplicationFactor::Satellite)
            .write_concern(2)
            .wait_for_sync()
            .cache()
            .sharding_strategy(ShardingStrategy::Hash)
            .distribute_shards_like(&name("authors"))
            .schema(Schema::new(json!({ "type": "object" })).level(SchemaLevel::New).message("no"))
            .computed_values([ComputedValue::new("at", "RETURN DATE_NOW()").overwrite()])
            .key_options(KeyOptions::new(KeyGenerator::Padded).server_keys_only())
            .skip_waiting_for_replicas()
            .allow_fewer_replicas();
        let (_, uri, body) = request_parts(&full).unwrap();
        assert_eq!(uri, "/_api/collection?waitForSyncReplication=false&enforceReplicationFactor=false");
        let expected = json!({
            "name": "books", "type": 3, "waitForSync": true, "cacheEnabled": true, "numberOfShards": 3,
            "shardKeys": ["country"], "replicationFactor": "satellite", "writeConcern": 2, "shardingStrategy": "hash",
            "distributeShardsLike": "authors", "schema": { "rule": { "type": "object" }, "level": "new", "message": "no" },
            "computedValues": [{
                "name": "at", "expression": "RETURN DATE_NOW()", "overwrite": true,
                "computeOn": ["insert", "update", "replace"], "keepNull": true, "failOnWarning": false,
            }],
            "keyOptions": { "type": "padded", "allowUserKeys": false },
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn the_transport_learns_that_the_name_is_new() {
        let request = create().request().unwrap();
        assert_eq!(request.extensions().get(), Some(&CreatedResource::collection("books")));
    }

    #[test]
    fn a_lost_creation_is_found_out_by_the_properties() {
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let existing = || read(&create().question(&lost).unwrap(), &properties(&json!({})));
        assert_eq!(create().conclusion(&lost, Ok(existing())), Conclusion::Executed(existing()));
        assert_eq!(create().shards(4).conclusion(&lost, Ok(existing())), Conclusion::Superseded);
        let missing = ErrorObject::parse(br#"{"error":true,"code":404,"errorNum":1203}"#).unwrap();
        assert_eq!(create().conclusion(&lost, Err(&missing)), Conclusion::NotSeen);
        assert_eq!(create().properties().class, RequestClass::NonIdempotent);
    }

    #[test]
    fn a_name_in_use_is_asked_about_only_after_an_ambiguous_attempt() {
        let number = Some(ErrorNumber::DUPLICATE_NAME);
        let refused = Failure::new(ErrorKind::Conflict, Outcome::NotExecuted, number);
        assert!(create().question(&refused).is_none());
        assert!(create().question(&refused.after_ambiguous_attempt()).is_some());
    }
}
