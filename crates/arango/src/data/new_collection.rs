//! Creating a collection.

use std::future::IntoFuture;

use arango_data::{
    CollectionName, CollectionProperties, ComputedValue, CreateCollection, EnsureCollection, Ensured,
    KeyOptions, ReplicationFactor, Schema, ShardingStrategy,
};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};

use crate::data::collection::invalid_name;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

impl Database {
    /// Creates a collection.
    ///
    /// ```no_run
    /// # async fn example(client: &arango::Client) -> arango::Result<()> {
    /// client.db("library").create_collection("books").shards(3).replication_factor(3).write_concern(2).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "has_collection")]
    #[doc(alias = "createCollection")]
    pub fn create_collection(&self, name: &str) -> NewCollection {
        let operation = match CollectionName::new(name) {
            Ok(name) => Ok(CreateCollection::new(&name)),
            Err(invalid) => Err(invalid_name("collection", &invalid)),
        };
        NewCollection { database: self.clone(), operation }
    }
}

/// The creation of a collection, sent when it is awaited.
///
/// # Errors
///
/// [`Conflict`](crate::ErrorKind::Conflict) if there is a collection of the name: [`ensure`](Self::ensure) compares it.
#[derive(Debug)]
#[must_use = "the collection is created when it is awaited"]
pub struct NewCollection {
    database: Database,
    operation: Result<CreateCollection, BuildError>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {
        impl NewCollection {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name(mut self, $($argument: $type),*) -> Self {
                    self.operation = self.operation.map(|operation| operation.$name($($argument),*));
                    self
                }
            )*
        }
    };
}

setters! {
    /// Holds edges: documents with `_from` and `_to`.
    edge();
    /// Sets the number of shards; by default 1.
    shards(count: u64);
    /// Sets the attributes that decide in which shard a document is; by default `_key`.
    shard_keys(keys: impl IntoIterator<Item = impl Into<String>>);
    /// Sets the number of copies of each shard.
    replication_factor(factor: impl Into<ReplicationFactor>);
    /// Sets how many copies must be in sync for a write.
    write_concern(copies: u64);
    /// Sets how documents are distributed over the shards.
    sharding_strategy(strategy: ShardingStrategy);
    /// Places the shards where those of another collection are.
    distribute_shards_like(other: &CollectionName);
    /// Waits with each write until it is on disk.
    wait_for_sync();
    /// Validates each document against this schema.
    schema(schema: Schema);
    /// Computes attributes of each document that is written.
    computed_values(values: impl IntoIterator<Item = ComputedValue>);
    /// Sets how keys are made.
    key_options(options: KeyOptions);
    /// Caches documents in memory.
    cache();
    /// Waits until all copies exist.
    wait_for_replicas();
}

impl NewCollection {
    /// Creates the collection, or compares it if there is one of the name. It is never changed.
    ///
    /// # Errors
    ///
    /// As [`execute`](Database::execute). An existing collection is no error, even if it differs.
    #[inline]
    pub async fn ensure(self) -> Result<Ensured<CollectionProperties>, Error> {
        let operation: EnsureCollection =
            self.operation.map_err(invalid_request::<CreateCollection>)?.ensure();
        self.database.execute_resolving(operation).await
    }
}

impl IntoFuture for NewCollection {
    type Output = Result<CollectionProperties, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation = self.operation.map_err(invalid_request::<CreateCollection>)?;
            self.database.execute_resolving(operation).await
        })
    }
}
