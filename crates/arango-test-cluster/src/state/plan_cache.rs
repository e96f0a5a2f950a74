//! Plans that coordinators keep, to use them again for queries of the same text.

use serde_json::{Map, Value};
use tokio::time::Instant;

/// A plan, and what it depends on.
#[derive(Debug, Clone)]
pub(crate) struct CachedPlan {
    pub(crate) key: PlanKey,
    /// The collections of the query, as they were when the plan was made.
    pub(crate) sources: Vec<Source>,
    pub(crate) created: Instant,
    /// How often it was found again.
    pub(crate) hits: u64,
}

/// What two queries with the same plan have in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlanKey {
    pub(crate) text: String,
    /// The bind parameters that name collections. Others do not change the plan.
    pub(crate) collections: Map<String, Value>,
    pub(crate) full_count: bool,
}

/// A collection of a plan. Without it, and with other indexes, the plan is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) indexes: Vec<String>,
}

impl PlanKey {
    /// Returns the hash of the text.
    pub(crate) fn text_hash(&self) -> u64 {
        fnv(self.text.as_bytes())
    }

    /// Returns the hash that names the plan.
    pub(crate) fn hash(&self) -> String {
        let whole = serde_json::json!([self.text, self.collections, self.full_count]).to_string();
        format!("{:016x}", fnv(whole.as_bytes()))
    }
}

/// Any stable hash will do; here it is FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
