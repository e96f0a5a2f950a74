//! The imbalance of shards and leaders between servers.

use serde_json::{Value, json};

use super::double;
use crate::http::reply::number;

/// The assumed size of every shard, in bytes. Real sizes are not considered.
pub(crate) const SHARD_SIZE: f64 = 1_048_576.0;
/// The default weight of several leaders of one collection on one server.
pub(crate) const DEFAULT_PI_FACTOR: f64 = 256e6;

/// The shards as the balancing sees them. Servers and collections are indexes.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) servers: Vec<RebalanceServer>,
    pub(crate) collections: Vec<Prototype>,
    pub(crate) shards: Vec<Shard>,
}

/// A DB-Server.
#[derive(Debug, Clone)]
pub(crate) struct RebalanceServer {
    pub(crate) id: String,
    /// Whether shards may be moved to it.
    pub(crate) is_usable: bool,
}

/// A collection whose shard distribution is its own.
#[derive(Debug, Clone)]
pub(crate) struct Prototype {
    pub(crate) id: String,
    pub(crate) database: String,
    pub(crate) is_system: bool,
    /// One, plus one for each collection that follows its distribution.
    pub(crate) weight: f64,
}

/// One shard and its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) id: String,
    pub(crate) collection: usize,
    pub(crate) leader: usize,
    pub(crate) followers: Vec<usize>,
}

impl Shard {
    pub(crate) fn is_on(&self, server: usize) -> bool {
        self.leader == server || self.followers.contains(&server)
    }

    fn copies(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.leader).chain(self.followers.iter().copied())
    }
}

/// The imbalance of data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShardImbalance {
    pub(crate) size_used: Vec<f64>,
    pub(crate) number_shards: Vec<usize>,
    pub(crate) target: f64,
    pub(crate) total_used: f64,
    pub(crate) total_shards: usize,
    pub(crate) system_shards: usize,
    pub(crate) imbalance: f64,
}

/// The imbalance of leaderships.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LeaderImbalance {
    pub(crate) weight_used: Vec<f64>,
    pub(crate) number_shards: Vec<usize>,
    pub(crate) duplicates: Vec<f64>,
    pub(crate) target: f64,
    pub(crate) total_weight: f64,
    pub(crate) total_shards: usize,
    pub(crate) imbalance: f64,
}

impl Layout {
    pub(crate) fn shard_imbalance(&self) -> ShardImbalance {
        let mut number_shards = vec![0; self.servers.len()];
        for server in self.shards.iter().flat_map(Shard::copies) {
            number_shards[server] += 1;
        }
        let size_used: Vec<f64> = number_shards.iter().map(|count| double(*count) * SHARD_SIZE).collect();
        let total_used: f64 = size_used.iter().sum();
        let target = self.share(total_used);
        ShardImbalance {
            imbalance: size_used.iter().map(|used| (used - target).powi(2)).sum(),
            target,
            total_used,
            total_shards: number_shards.iter().sum(),
            system_shards: self
                .shards
                .iter()
                .filter(|shard| self.collections[shard.collection].is_system)
                .count(),
            size_used,
            number_shards,
        }
    }

    pub(crate) fn leader_imbalance(&self, pi_factor: f64) -> LeaderImbalance {
        let mut weight_used = vec![0.0; self.servers.len()];
        let mut number_shards = vec![0; self.servers.len()];
        let mut duplicates = vec![0.0; self.servers.len()];
        for shard in &self.shards {
            weight_used[shard.leader] += self.collections[shard.collection].weight;
            number_shards[shard.leader] += 1;
        }
        for collection in 0..self.collections.len() {
            self.add_duplicates(collection, pi_factor, &mut duplicates);
        }
        let total_weight: f64 = weight_used.iter().sum();
        let target = self.share(total_weight);
        let squares: f64 = weight_used.iter().map(|used| (used - target).powi(2)).sum();
        LeaderImbalance {
            imbalance: squares + duplicates.iter().sum::<f64>(),
            target,
            total_weight,
            total_shards: self.shards.len(),
            weight_used,
            number_shards,
            duplicates,
        }
    }

    /// Adds each server's penalty for an uneven number of leaderships.
    ///
    /// It counts one collection. The expected number is the average over the servers that hold the collection.
    pub(crate) fn add_duplicates(&self, collection: usize, pi_factor: f64, duplicates: &mut [f64]) {
        let mut leads = vec![0; self.servers.len()];
        let mut holds = vec![false; self.servers.len()];
        let mut shards = 0_usize;
        for shard in self.shards.iter().filter(|shard| shard.collection == collection) {
            leads[shard.leader] += 1;
            shard.copies().for_each(|server| holds[server] = true);
            shards += 1;
        }
        if shards < 2 {
            return;
        }
        let average = double(shards) / double(holds.iter().filter(|held| **held).count());
        for (server, duplicate) in duplicates.iter_mut().enumerate().filter(|(server, _)| holds[*server]) {
            *duplicate += pi_factor * (double(leads[server]) - average).powi(2);
        }
    }

    /// Returns each server's share of a total. All servers count as equally large.
    pub(crate) fn share(&self, total: f64) -> f64 {
        total / double(self.servers.len())
    }
}

impl ShardImbalance {
    pub(crate) fn to_json(&self, has_system_count: bool) -> Value {
        let mut object = json!({
            "sizeUsed": doubles(&self.size_used),
            "targetSize": vec![number(self.target); self.size_used.len()],
            "numberShards": self.number_shards,
            "totalUsed": number(self.total_used),
            "totalShards": self.total_shards,
            "imbalance": number(self.imbalance),
        });
        if has_system_count {
            object["totalShardsFromSystemCollections"] = self.system_shards.into();
        }
        object
    }
}

impl LeaderImbalance {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "weightUsed": doubles(&self.weight_used),
            "targetWeight": vec![number(self.target); self.weight_used.len()],
            "numberShards": self.number_shards,
            "leaderDupl": doubles(&self.duplicates),
            "totalWeight": number(self.total_weight),
            "imbalance": number(self.imbalance),
            "totalShards": self.total_shards,
        })
    }
}

fn doubles(values: &[f64]) -> Vec<Value> {
    values.iter().copied().map(number).collect()
}

/// The cluster of the specification's worked example.
#[cfg(test)]
pub(crate) fn worked_example() -> Layout {
    let shard = |id: &str, collection, leader, follower| Shard {
        id: id.into(),
        collection,
        leader,
        followers: vec![follower],
    };
    Layout {
        servers: ["0", "1", "2"].map(|id| RebalanceServer { id: id.into(), is_usable: true }).into(),
        collections: vec![
            Prototype { id: "A".into(), database: "shop".into(), is_system: false, weight: 1.0 },
            Prototype { id: "B".into(), database: "shop".into(), is_system: true, weight: 2.0 },
        ],
        shards: vec![shard("a0", 0, 0, 1), shard("a1", 0, 0, 2), shard("a2", 0, 0, 1), shard("b0", 1, 1, 2)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_has_the_imbalance_that_a_server_reports() {
        let layout = worked_example();
        let leader = layout.leader_imbalance(DEFAULT_PI_FACTOR);
        let shards = layout.shard_imbalance();

        assert_eq!(
            leader.to_json(),
            json!({
                "weightUsed": [3, 2, 0],
                "targetWeight": [1.666_666_666_666_666_7, 1.666_666_666_666_666_7, 1.666_666_666_666_666_7],
                "numberShards": [3, 1, 0],
                "leaderDupl": [1_024_000_000, 256_000_000, 256_000_000],
                "totalWeight": 5,
                "imbalance": 1_536_000_004.666_666_7,
                "totalShards": 4,
            })
        );
        assert_eq!(
            shards.to_json(true),
            json!({
                "sizeUsed": [3_145_728, 3_145_728, 2_097_152],
                "targetSize": [2_796_202.666_666_666_5, 2_796_202.666_666_666_5, 2_796_202.666_666_666_5],
                "numberShards": [3, 3, 2],
                "totalUsed": 8_388_608,
                "totalShards": 8,
                "totalShardsFromSystemCollections": 1,
                "imbalance": 733_007_751_850.666_7,
            })
        );
    }

    #[test]
    fn the_factor_weighs_duplicates_alone() {
        let leader = worked_example().leader_imbalance(1.0);

        assert_eq!(leader.duplicates, [4.0, 1.0, 1.0]);
        assert!((leader.imbalance - 10.666_666_666_666_668).abs() < 1e-12);
    }
}
