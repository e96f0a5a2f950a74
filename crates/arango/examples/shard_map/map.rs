//! The shards of each collection on each DB-Server.

use std::collections::BTreeMap;

use anyhow::Result;
use arango::Client;
use arango::cluster::GetShardDistribution;

/// How many shards a DB-Server has of one collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shards {
    pub(crate) leaders: usize,
    pub(crate) followers: usize,
}

/// A table: a row for each collection, a column for each DB-Server.
#[derive(Debug)]
pub(crate) struct ShardMap {
    pub(crate) servers: Vec<String>,
    /// The name of the collection, and its shards on each of the servers.
    pub(crate) rows: Vec<(String, Vec<Shards>)>,
}

impl ShardMap {
    /// Reads the placement of all shards, without those of system collections.
    pub(crate) async fn read(client: &Client) -> Result<Self> {
        // By their short names, as in the placement.
        let health = client.cluster().health().await?;
        let name = |(id, server): (&arango::cluster::ServerId, &arango::cluster::ServerHealth)| {
            server.short_name.clone().unwrap_or_else(|| id.to_string())
        };
        let mut servers: Vec<_> = health.db_servers().map(name).collect();
        servers.sort();

        let mut rows = Vec::new();
        for database in client.databases().await? {
            let placement = client.db(&database.to_string()).execute(GetShardDistribution).await?;
            for (collection, shards) in placement.collections {
                if collection.starts_with('_') {
                    continue;
                }
                let mut counts: BTreeMap<String, Shards> = BTreeMap::new();
                for servers in shards.current.values() {
                    counts.entry(servers.leader.to_string()).or_default().leaders += 1;
                    for follower in &servers.followers {
                        counts.entry(follower.to_string()).or_default().followers += 1;
                    }
                }
                let row = servers.iter().map(|server| counts.get(server).copied().unwrap_or_default());
                rows.push((format!("{database}/{collection}"), row.collect()));
            }
        }
        Ok(Self { servers, rows })
    }

    /// The sums of all rows.
    pub(crate) fn total(&self) -> Vec<Shards> {
        let mut total = vec![Shards::default(); self.servers.len()];
        for (_, row) in &self.rows {
            for (sum, shards) in total.iter_mut().zip(row) {
                sum.leaders += shards.leaders;
                sum.followers += shards.followers;
            }
        }
        total
    }

    /// The largest number of leaders in a cell of a row.
    pub(crate) fn most_leaders(&self) -> usize {
        self.rows.iter().flat_map(|(_, row)| row).map(|shards| shards.leaders).max().unwrap_or_default()
    }
}

/// A map that tests draw.
#[cfg(test)]
pub(crate) fn sample() -> ShardMap {
    let shards = |leaders, followers| Shards { leaders, followers };
    ShardMap {
        servers: vec!["DBServer0001".into(), "DBServer0002".into()],
        rows: vec![
            ("shop/orders".into(), vec![shards(4, 0), shards(0, 4)]),
            ("shop/<&>".into(), vec![shards(1, 1), shards(1, 1)]),
        ],
    }
}
