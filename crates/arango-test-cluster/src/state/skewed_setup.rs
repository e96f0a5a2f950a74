//! An unbalanced initial state: all leaders on one DB-Server.

use super::State;
use super::databases::{Kind, ShardingOptions};

/// Collections of the database `shop`, with their numbers of shards.
const COLLECTIONS: [(&str, usize); 3] = [("orders", 9), ("customers", 6), ("carts", 6)];

impl State {
    /// Adds databases with all leaders on the first DB-Server. Their shards have two copies each.
    pub(super) fn add_skewed_shards(&mut self) {
        let servers = self.db_server_ids();
        for (database, collections) in [("shop", &COLLECTIONS[..]), ("stock", &[("items", 3)][..])] {
            self.create_database(database, "", 2, 1);
            let content =
                self.databases.get_mut(database).expect("the database was created in the line before");
            for (name, shards) in collections {
                let layout = ShardingOptions {
                    shards: *shards,
                    replication_factor: 2,
                    write_concern: 1,
                    distribute_shards_like: None,
                };
                let collection = content.add(&mut self.ids, name, Kind::Document, &layout, &servers, 0);
                for (turn, copies) in collection.shards.values_mut().enumerate() {
                    *copies = servers[..1].to_vec();
                    if servers.len() > 1 {
                        copies.push(servers[1 + turn % (servers.len() - 1)].clone());
                    }
                }
            }
        }
    }
}
