//! The DB-Server that leads the shard of a document, and whether it responds.

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use super::databases::{Collection, Copies, Database};

/// The process that leads a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leader {
    server: String,
    reboot_id: u64,
}

impl State {
    /// Returns for each shard of a collection whether its leader responds.
    pub(crate) fn live_leaders(&self, database: &Database, collection: &Collection) -> Vec<bool> {
        shards(database, collection).values().map(|copies| self.has_live_leader(copies)).collect()
    }

    /// Returns the leaders of all shards of a database, by collection.
    pub(crate) fn all_leaders(&self, database: &Database) -> BTreeMap<String, Vec<Option<Leader>>> {
        let collections = database.collections.iter();
        collections.map(|(name, collection)| (name.clone(), self.leaders(database, collection))).collect()
    }

    /// Returns for each shard whether its leader responds and is the process that it was before.
    ///
    /// Without leaders of before, the collection is new and all that respond take part.
    pub(crate) fn taking_part(
        &self,
        database: &Database,
        collection: &Collection,
        before: Option<&Vec<Option<Leader>>>,
    ) -> Vec<bool> {
        let live = self.live_leaders(database, collection);
        let now = self.leaders(database, collection);
        let is_same = |shard: usize| before.is_none_or(|before| before.get(shard) == now.get(shard));
        live.into_iter().enumerate().map(|(shard, is_live)| is_live && is_same(shard)).collect()
    }

    fn leaders(&self, database: &Database, collection: &Collection) -> Vec<Option<Leader>> {
        let leader = |copies: &Copies| {
            let server = self.db_server(copies.first()?)?;
            Some(Leader { server: server.id.clone(), reboot_id: server.reboot_id })
        };
        shards(database, collection).values().map(leader).collect()
    }

    /// Returns whether the leader responds. One that does not stays the leader until the supervision replaces it.
    fn has_live_leader(&self, copies: &Copies) -> bool {
        copies.first().is_none_or(|leader| self.db_server(leader).is_some_and(super::Server::is_up))
    }
}

/// Returns for each shard of a collection whether one of these servers leads it.
pub(crate) fn led_by(database: &Database, collection: &Collection, servers: &BTreeSet<String>) -> Vec<bool> {
    let is_led = |copies: &Copies| copies.first().is_some_and(|leader| servers.contains(leader));
    shards(database, collection).values().map(is_led).collect()
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
