//! The document that proves that a transaction was committed.

use std::time::Duration;

use arango_data::{
    CollectionName, CollectionProperties, DatabaseSharding, Ensured, GetCollectionProperties,
    GetCurrentDatabase, Index, InsertDocument, Key, ReadDocument, UpdateDocument,
};
use arango_transport::Error;
use arango_transport::protocol::{DatabaseName, Resolve};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::data::key;
use crate::handles::database::Database;
use crate::handles::unix_time::unix_millis;

/// How long a proof is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The document that proves that a transaction was committed: the transaction writes it.
#[derive(Debug, Clone)]
pub(super) struct ProofDocument {
    collection: CollectionName,
    key: Key,
}

#[derive(Serialize)]
struct Written {
    /// Seconds since 1970. The document is removed a day later.
    at: u64,
}

/// What the closure has returned.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default)]
    value: Value,
}

impl ProofDocument {
    /// Creates a proof under a key that no other transaction uses.
    pub(super) fn new(database: &Database, collection: &CollectionName) -> Self {
        let key = key::generate(Some(collection), database.transport.random());
        Self { collection: collection.clone(), key }
    }

    #[inline]
    pub(super) fn insert(&self) -> InsertDocument {
        InsertDocument::new(&self.collection, &Written { at: unix_millis() / 1000 }).key(&self.key)
    }

    /// Adds what the closure has returned.
    #[inline]
    pub(super) fn store(&self, value: Value) -> UpdateDocument {
        UpdateDocument::new(&self.collection, &self.key, &Stored { value })
    }

    #[inline]
    pub(super) async fn is_there(&self, database: &Database) -> Result<bool, Error> {
        let read = ReadDocument::<IgnoredAny>::new(&self.collection, &self.key);
        Ok(database.execute(read).await?.is_some())
    }

    /// Returns what the closure has returned in the run that was committed; `None` if none was.
    #[inline]
    pub(super) async fn stored(&self, database: &Database) -> Result<Option<Value>, Error> {
        let read = ReadDocument::<Stored>::new(&self.collection, &self.key);
        Ok(database.execute(read).await?.map(|stored| stored.value))
    }

    /// Returns what finds out later whether the transaction was committed.
    #[inline]
    pub(super) fn ticket(&self, database: &Database, unix_millis: u64) -> Option<String> {
        let name = DatabaseName::new(database.display_name()).ok()?;
        self.insert().ticket_text(&name, unix_millis)
    }
}

/// Returns whether all documents of these collections have one leader, so that a commit is atomic.
///
/// `database` returns the handle for the next request, with the time that is left for it.
pub(super) async fn have_single_leader(
    database: impl Fn() -> Database,
    collections: &[CollectionName],
) -> Result<bool, Error> {
    let single_leaders = database().shared.data.single_leaders.clone();
    let mut entry = database().prefix().to_owned();
    for collection in collections {
        entry.push('/');
        entry.push_str(collection.as_str());
    }
    if single_leaders.contains(&entry) {
        return Ok(true);
    }
    let is_single =
        is_single_shard_database(&database()).await? || have_same_shard(&database, collections).await?;
    if is_single {
        single_leaders.record(entry);
    }
    Ok(is_single)
}

#[inline]
async fn is_single_shard_database(database: &Database) -> Result<bool, Error> {
    Ok(database.execute(GetCurrentDatabase).await?.sharding == DatabaseSharding::Single)
}

/// Returns whether each of them has one shard, and all are placed like the same collection.
#[inline]
async fn have_same_shard(
    database: &impl Fn() -> Database,
    collections: &[CollectionName],
) -> Result<bool, Error> {
    let mut first = None;
    for collection in collections {
        let properties = properties(&database(), collection).await?;
        let prototype = prototype(collection, &properties);
        let first = first.get_or_insert_with(|| prototype.clone());
        if properties.number_of_shards != Some(1) || *first != prototype {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Creates the collection of proofs, or compares the one that exists, beside the first of the written collections, and the index that removes old proofs.
#[inline]
pub(super) async fn ensure_collection(
    database: &Database,
    proofs: &CollectionName,
    written: Option<&CollectionName>,
) -> Result<Ensured<CollectionProperties>, Error> {
    let mut new = database.create_collection(proofs.as_str());
    match written {
        Some(written) if !is_single_shard_database(database).await? => {
            let properties = properties(database, written).await?;
            // A prototype has a valid name.
            let prototype = CollectionName::new(&prototype(written, &properties));
            new = new.distribute_shards_like(prototype.as_ref().unwrap_or(written));
        }
        _ => {}
    }
    let ensured = new.ensure().await?;
    let expiry = database.collection(proofs.as_str()).ensure_index(Index::ttl("at", KEPT).named("expiry"));
    Ok(ensured.with_differences_of(expiry.await?))
}

#[inline]
async fn properties(database: &Database, collection: &CollectionName) -> Result<CollectionProperties, Error> {
    database.execute(GetCollectionProperties { collection: collection.clone() }).await
}

/// Returns the name of the collection that decides where the shards are.
fn prototype(collection: &CollectionName, properties: &CollectionProperties) -> String {
    properties.distribute_shards_like.clone().unwrap_or_else(|| collection.as_str().to_owned())
}
