//! The shard distribution as the balancing sees it.

use super::State;
use super::databases::Collection;
use crate::model::imbalance::{Layout, Prototype, RebalanceServer, Shard};

impl State {
    /// Builds the layout of prototype collections, without those that `is_excluded` excludes.
    pub(crate) fn layout(&self, mut is_excluded: impl FnMut(&str, bool) -> bool) -> Layout {
        let mut layout = Layout {
            servers: self
                .usable_db_servers()
                .into_iter()
                .map(|id| RebalanceServer { id, is_usable: true })
                .collect(),
            collections: Vec::new(),
            shards: Vec::new(),
        };
        for (database, content) in &self.databases {
            for prototype in
                content.collections.values().filter(|collection| collection.distribute_shards_like.is_none())
            {
                if is_excluded(database, prototype.is_system) {
                    continue;
                }
                let like =
                    |other: &&Collection| other.distribute_shards_like.as_deref() == Some(&prototype.name);
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
    /// Returns a server's index. A server that holds a shard and is not `GOOD` is added behind the others.
    fn index_of(&mut self, id: &str) -> usize {
        self.servers.iter().position(|server| server.id == id).unwrap_or_else(|| {
            self.servers.push(RebalanceServer { id: id.to_owned(), is_usable: false });
            self.servers.len() - 1
        })
    }
}
