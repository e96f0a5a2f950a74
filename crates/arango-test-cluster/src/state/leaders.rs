//! The DB-Server that leads the shard of a document, and whether it responds.

use std::collections::BTreeMap;

use super::State;
use super::databases::{Collection, Copies, Database};

impl State {
    /// Returns for each shard of a collection whether its leader responds.
    pub(crate) fn live_leaders(&self, database: &Database, collection: &Collection) -> Vec<bool> {
        shards(database, collection).values().map(|copies| self.has_live_leader(copies)).collect()
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
    let all = collection.documents.iter();
    all.filter(|document| collection.rules.shard_of(document.key(), &document.value(), count) == shard)
        .count()
}
