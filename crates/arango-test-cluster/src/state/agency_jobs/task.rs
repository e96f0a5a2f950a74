//! The work of jobs on the shard map.

use std::collections::{BTreeMap, BTreeSet};

use crate::state::databases::Database;

/// A move of one shard from one server to another.
#[derive(Debug, Clone)]
pub(crate) struct MoveShard {
    pub(crate) database: String,
    /// The id of the collection.
    pub(crate) collection: String,
    pub(crate) shard: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) is_leader: bool,
    /// Whether the old leader stays a follower. Only single moves specify it.
    pub(crate) remains_follower: Option<bool>,
    pub(crate) try_undo: bool,
}

/// The work of a job.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    MoveShard(MoveShard),
    /// Moves all shards away from a server.
    CleanOutServer {
        server: String,
    },
    /// Moves all leaderships away from a server.
    ResignLeadership {
        server: String,
        /// Kept, if it was given. Nothing is undone.
        undo_moves: Option<bool>,
    },
}

/// The shard map that jobs change.
pub(crate) struct Shards<'a> {
    pub(crate) databases: &'a mut BTreeMap<String, Database>,
    /// Servers that accept shards.
    pub(crate) servers: Vec<String>,
    pub(crate) cleaned: &'a mut BTreeSet<String>,
}

impl Task {
    /// Returns the agency's name for it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::MoveShard(_) => "moveShard",
            Self::CleanOutServer { .. } => "cleanOutServer",
            Self::ResignLeadership { .. } => "resignLeadership",
        }
    }

    pub(super) fn as_move(&self) -> Option<&MoveShard> {
        match self {
            Self::MoveShard(step) => Some(step),
            Self::CleanOutServer { .. } | Self::ResignLeadership { .. } => None,
        }
    }
}

impl MoveShard {
    /// Checks, before a move becomes pending, whether it is possible.
    pub(super) fn check(&self, shards: &Shards<'_>) -> Result<(), &'static str> {
        self.moved(shards).map(|_| ())
    }

    /// Returns the copies after the move, if it is possible.
    fn moved(&self, shards: &Shards<'_>) -> Result<Vec<String>, &'static str> {
        let database = shards.databases.get(&self.database).ok_or("database not found")?;
        let collection = database.collection(&self.collection).ok_or("collection not found")?;
        if collection.distribute_shards_like.is_some() {
            return Err("collection lies like another one");
        }
        let mut copies = collection.shards.get(&self.shard).ok_or("shard not found")?.clone();
        if !shards.servers.contains(&self.to) {
            return Err("toServer is not in the cluster or not healthy");
        }
        if shards.cleaned.contains(&self.to) {
            return Err("toServer must not be in `Target/CleanedServers`");
        }
        let place = |server: &String| copies.iter().position(|copy| copy == server);
        match (place(&self.from), place(&self.to)) {
            (Some(0), Some(to)) if self.is_leader && to != 0 => copies.swap(0, to),
            (Some(0), None) if self.is_leader && self.remains_follower == Some(true) => {
                copies.insert(0, self.to.clone());
                copies.truncate(collection.replication_factor.max(1));
            }
            (Some(0), None) if self.is_leader => copies[0].clone_from(&self.to),
            (Some(from), None) if !self.is_leader && from != 0 => copies[from].clone_from(&self.to),
            (None, _) => return Err("shard is not on fromServer"),
            (Some(_), Some(_)) => return Err("toServer already holds the shard"),
            (Some(_), None) => return Err("leadership of the shard has changed"),
        }
        Ok(copies)
    }

    pub(super) fn finish(&self, shards: &mut Shards<'_>) -> Result<(), &'static str> {
        let copies = self.moved(shards)?;
        let database = shards.databases.get_mut(&self.database).ok_or("database not found")?;
        let collection = database.collection_mut(&self.collection).ok_or("collection not found")?;
        let name = collection.name.clone();
        collection.shards.insert(self.shard.clone(), copies);
        database.copy_distribution(&name);
        Ok(())
    }
}
