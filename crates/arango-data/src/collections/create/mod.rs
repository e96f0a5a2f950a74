//! Creating a collection.

mod body;
#[cfg(test)]
mod tests;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, ErrorNumber, ErrorObject, Failure, Metadata,
    Operation, OutputError, Permission, ReplicationFactor, RequestBuilder, Resolve, Scope,
};
use body::Body;
use bytes::Bytes;
use http::Request;

use crate::collections::computed_value::ComputedValue;
use crate::collections::ensure::EnsureCollection;
use crate::collections::info::CollectionType;
use crate::collections::key_options::KeyOptions;
use crate::collections::properties::{CollectionProperties, GetCollectionProperties, ShardingStrategy};
use crate::collections::schema::Schema;
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
    pub(in crate::collections) body: Body,
    waits_for_replicas: Option<bool>,
    allows_fewer_replicas: bool,
}

impl CreateCollection {
    /// Creates a collection of documents with this name.
    #[must_use]
    pub fn new(name: &CollectionName) -> Self {
        Self { body: Body::new(name), waits_for_replicas: None, allows_fewer_replicas: false }
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

    /// Sets the number of shards, which never changes.
    ///
    /// The server's default is 1.
    #[must_use]
    pub fn shards(mut self, count: u64) -> Self {
        self.body.number_of_shards = Some(count);
        self
    }

    /// Sets the attributes that decide about the shard of a document.
    ///
    /// The server's default is `_key`. With others, only the server makes keys.
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

    /// Sets the number of copies that must be in sync for writes.
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

    /// Waits until all copies of the shards exist.
    ///
    /// That is the server's default.
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

    /// Creates the collection, or compares the existing one.
    #[must_use]
    pub fn ensure(self) -> EnsureCollection {
        EnsureCollection::new(self)
    }

    pub(in crate::collections) fn builder(&self, metadata: Metadata) -> RequestBuilder {
        let mut builder = RequestBuilder::new(metadata);
        if let Some(waits) = self.waits_for_replicas {
            builder = builder.query("waitForSyncReplication", if waits { "true" } else { "false" });
        }
        if self.allows_fewer_replicas {
            builder = builder.query("enforceReplicationFactor", "false");
        }
        builder.creates(CreatedResource::collection(self.body.name.as_str())).json(&self.body)
    }

    pub(in crate::collections) fn read_existing(&self) -> GetCollectionProperties {
        GetCollectionProperties { collection: self.body.name.clone() }
    }
}

/// Concludes what an error says about the creation of a collection.
pub(in crate::collections) fn conclude_refused<T>(object: &ErrorObject) -> Conclusion<T> {
    if object.number == ErrorNumber::DATA_SOURCE_NOT_FOUND {
        Conclusion::NotSeen
    } else {
        Conclusion::CannotTell
    }
}

impl Operation for CreateCollection {
    type Output = CollectionProperties;

    const METADATA: Metadata = Metadata::post("collection.create", "/_api/collection")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CollectionProperties, OutputError> {
        response.json()
    }
}

impl Resolve for CreateCollection {
    type Question = GetCollectionProperties;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetCollectionProperties> {
        let is_own_name =
            failure.number == Some(ErrorNumber::DUPLICATE_NAME) && failure.has_ambiguous_predecessor;
        (failure.is_response_lost() || is_own_name).then(|| self.read_existing())
    }

    #[inline]
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
