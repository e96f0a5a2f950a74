//! The DB-Server that leads the shard of a document, and whether it responds.

use std::collections::BTreeMap;

use super::State;
use super::databases::{Collection, Copies, Database};

impl State {
    /// Returns whether the shard of a document has a leader that responds.
    pub(crate) fn has_leader(&self, database: &Database, collection: &Collection, key: &str) -> bool {
        let shards = shards(database, collection);
        shards.values().nth(shard_index(key, shards.len())).is_none_or(|copies| self.has_live_leader(copies))
    }

    /// Returns whether all shards of a collection have a leader that responds.
    pub(crate) fn has_all_leaders(&self, database: &Database, collection: &Collection) -> bool {
        shards(database, collection).values().all(|copies| self.has_live_leader(copies))
    }

    /// Returns whether the leader responds. One that does not stays the leader until the supervision replaces it.
    fn has_live_leader(&self, copies: &Copies) -> bool {
        copies.first().is_none_or(|leader| self.db_server(leader).is_some_and(super::Server::is_up))
    }
}

/// Returns the shards that place a collection. They may be those of the collection whose distribution it follows.
fn shards<'a>(database: &'a Database, collection: &'a Collection) -> &'a BTreeMap<String, Copies> {
    let prototype =
        collection.distribute_shards_like.as_ref().and_then(|like| database.collections.get(like));
    &prototype.unwrap_or(collection).shards
}

/// Returns how many documents are in the shard with this index.
pub(crate) fn documents(database: &Database, collection: &Collection, shard: usize) -> usize {
    let count = shards(database, collection).len();
    collection.documents.keys().filter(|key| shard_index(key, count) == shard).count()
}

/// Maps a key to one of `shards` shards. Any stable hash will do; here it is FNV-1a.
fn shard_index(key: &str, shards: usize) -> usize {
    let hash =
        key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % shards.max(1)
}
