//! Jobs that take a server out of use, as shard moves: cleaning it out, or its resignation.

use super::task::{MoveShard, Shards, Task};

/// Returns the moves that a job creates when it becomes pending.
pub(super) fn steps(task: &Task, shards: &Shards<'_>) -> Result<Vec<MoveShard>, &'static str> {
    let (server, cleans) = match task {
        Task::MoveShard(_) => return Ok(Vec::new()),
        Task::CleanOutServer { server } => (server, true),
        Task::ResignLeadership { server, .. } => (server, false),
    };
    if !shards.servers.contains(server) {
        return Err("server is not in the cluster or not healthy");
    }
    let mut others: Vec<_> = shards.servers.iter().filter(|other| *other != server).collect();
    others.retain(|other| !shards.cleaned.contains(*other));
    let mut steps = Vec::new();
    for (name, database) in shards.databases.iter() {
        for collection in
            database.collections.values().filter(|collection| collection.distribute_shards_like.is_none())
        {
            for (shard, copies) in collection.shards.iter().filter(|(_, copies)| copies.contains(server)) {
                let is_leader = copies.first() == Some(server);
                let to = if cleans {
                    let free_server = others.iter().find(|other| !copies.contains(other));
                    free_server.ok_or("not enough servers for all copies")?
                } else {
                    // A leader without a follower that can take over stays, and so does a follower.
                    let Some(follower) = copies.iter().skip(1).find(|copy| shards.servers.contains(copy))
                    else {
                        continue;
                    };
                    if !is_leader {
                        continue;
                    }
                    follower
                };
                steps.push(MoveShard {
                    database: name.clone(),
                    collection: collection.id.clone(),
                    shard: shard.clone(),
                    from: server.clone(),
                    to: to.clone(),
                    is_leader,
                    remains_follower: Some(!cleans),
                    try_undo: false,
                });
                // The next shard gets the next server.
                let turn = usize::from(!others.is_empty());
                others.rotate_left(turn);
            }
        }
    }
    Ok(steps)
}

/// Records that a server holds nothing any more.
pub(super) fn record_cleaned(task: &Task, shards: &mut Shards<'_>) {
    if let Task::CleanOutServer { server } = task {
        shards.cleaned.insert(server.clone());
    }
}
