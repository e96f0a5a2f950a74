//! Which DB-Server answers for a document, and whether it does.

use std::collections::BTreeMap;

use super::State;
use super::databases::{Collection, Copies, Database};

impl State {
    /// Whether the shard of a document has a leader that answers.
    pub(crate) fn has_leader(&self, database: &Database, collection: &Collection, key: &str) -> bool {
        let shards = shards(database, collection);
        shards.values().nth(place(key, shards.len())).is_none_or(|copies| self.is_led(copies))
    }

    /// Whether all shards of a collection have a leader that answers.
    pub(crate) fn has_all_leaders(&self, database: &Database, collection: &Collection) -> bool {
        shards(database, collection).values().all(|copies| self.is_led(copies))
    }

    /// A leader that does not answer keeps its place until the supervision gives it to another.
    fn is_led(&self, copies: &Copies) -> bool {
        copies.first().is_none_or(|leader| self.db_server(leader).is_some_and(super::Server::is_up))
    }
}

/// Of a collection that lies with another, only the other's copies are looked at.
fn shards<'a>(database: &'a Database, collection: &'a Collection) -> &'a BTreeMap<String, Copies> {
    let prototype = collection.like.as_ref().and_then(|like| database.collections.get(like));
    &prototype.unwrap_or(collection).shards
}

/// How many documents lie in the shard with this place.
pub(crate) fn documents(database: &Database, collection: &Collection, shard: usize) -> usize {
    let count = shards(database, collection).len();
    collection.documents.keys().filter(|key| place(key, count) == shard).count()
}

/// The place of a key among so many shards: any that is the same each time, here by FNV-1a.
fn place(key: &str, shards: usize) -> usize {
    let hash =
        key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % shards.max(1)
}
