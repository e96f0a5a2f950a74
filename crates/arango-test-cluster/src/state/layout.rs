//! The shards as balancing sees them.

use super::State;
use super::databases::Collection;
use crate::model::imbalance::{Layout, Member, Prototype, Shard};

impl State {
    /// Prototypes only, without what the caller leaves out.
    pub(crate) fn layout(&self, mut leaves_out: impl FnMut(&str, bool) -> bool) -> Layout {
        let mut layout = Layout {
            servers: self.usable_db_servers().into_iter().map(|id| Member { id, good: true }).collect(),
            collections: Vec::new(),
            shards: Vec::new(),
        };
        for (database, content) in &self.databases {
            for prototype in content.collections.values().filter(|collection| collection.like.is_none()) {
                if leaves_out(database, prototype.is_system) {
                    continue;
                }
                let like = |other: &&Collection| other.like.as_deref() == Some(&prototype.name);
                let collection = layout.collections.len();
                layout.collections.push(Prototype {
                    id: prototype.id.clone(),
                    database: database.clone(),
                    is_system: prototype.is_system,
                    weight: 1.0 + crate::model::double(content.collections.values().filter(like).count()),
                });
                for (id, copies) in &prototype.shards {
                    let places: Vec<_> = copies.iter().map(|server| layout.index_of(server)).collect();
                    let Some((leader, followers)) = places.split_first() else { continue };
                    layout.shards.push(Shard {
                        id: id.clone(),
                        collection,
                        leader: *leader,
                        followers: followers.to_vec(),
                    });
                }
            }
        }
        layout
    }
}

impl Layout {
    /// A server that holds a shard and is not good comes behind the good ones.
    fn index_of(&mut self, id: &str) -> usize {
        self.servers.iter().position(|server| server.id == id).unwrap_or_else(|| {
            self.servers.push(Member { id: id.to_owned(), good: false });
            self.servers.len() - 1
        })
    }
}
