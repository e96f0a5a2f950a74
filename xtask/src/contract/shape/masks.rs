//! Which values are kept, and which keys stand for many.

use std::collections::BTreeMap;

/// Values under these keys are kept: their meaning does not vary.
const KEPT: &[&str] = &[
    "Engine",
    "Mode",
    "Role",
    "Status",
    "SyncStatus",
    "apiVersions",
    "badTests",
    "cached",
    "code",
    "created",
    "current",
    "deprecatedApiVersions",
    "empty",
    "error",
    "errorCode",
    "errorNum",
    "errors",
    "goodTests",
    "hasMore",
    "ignored",
    "indexes",
    "isNewlyCreated",
    "mode",
    "nextBatchId",
    "operationMode",
    "parsed",
    "permission",
    "platform",
    "requestedApiVersion",
    "role",
    "sharding",
    "shardingStrategy",
    "server",
    "softShutdownOngoing",
    "sparse",
    "state",
    "status",
    "type",
    "unique",
    "units",
    "updated",
    "writeConcern",
    "writesExecuted",
    "writesIgnored",
];

/// Numbers under these keys may have a fraction, also when they happen to have none.
const FRACTIONS: &[&str] = &[
    "LastAckedTime",
    "connectionTime",
    "cuts",
    "estimatedCost",
    "executionTime",
    "followerPercent",
    "heapMax",
    "imbalance",
    "leaderDupl",
    "residentSizePercent",
    "runTime",
    "selectivityEstimate",
    "sizeUsed",
    "slowQueryThreshold",
    "sum",
    "systemTime",
    "tMax",
    "targetSize",
    "targetWeight",
    "time",
    "totalUsed",
    "totalWeight",
    "uptime",
    "userTime",
    "weightUsed",
];

/// What is masked beyond the general rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks {
    /// Texts that differ in each recording, and what stands for them, such as the name of the database.
    pub(crate) names: BTreeMap<String, String>,
    /// Paths of objects whose keys vary, with `*` for any key or element.
    pub(crate) varying_keys: Vec<String>,
    /// Paths of values of which nothing is kept, since they may contain what belongs to others.
    pub(crate) opaque: Vec<String>,
}

fn matches(pattern: &str, path: &[String]) -> bool {
    let mut parts = pattern.split('/').skip(1);
    path.iter().all(|part| parts.next().is_some_and(|one| one == "*" || one == part))
        && parts.next().is_none()
}

impl Masks {
    pub(super) fn is_kept(key: &str) -> bool {
        KEPT.contains(&key)
    }

    pub(super) fn may_have_fraction(key: &str) -> bool {
        FRACTIONS.contains(&key)
    }

    /// Returns whether the keys of the object at this path vary.
    pub(super) fn keys_vary(&self, path: &[String]) -> bool {
        self.varying_keys.iter().any(|pattern| matches(pattern, path))
    }

    /// Returns whether nothing of the value at this path is kept.
    pub(super) fn is_opaque(&self, path: &[String]) -> bool {
        self.opaque.iter().any(|pattern| matches(pattern, path))
    }

    /// Replaces texts that differ in each recording.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.names {
            text = text.replace(value, &format!("{{{name}}}"));
        }
        text
    }

    /// What stands for a key: ids of servers and shards are all alike.
    pub(super) fn key(&self, key: &str) -> String {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let numbered = |prefix: &str| key.strip_prefix(prefix).is_some_and(digits);
        match key {
            _ if key.starts_with("CRDN-") => "<coordinator>".to_owned(),
            _ if key.starts_with("PRMR-") => "<db-server>".to_owned(),
            _ if key.starts_with("AGNT-") => "<agent>".to_owned(),
            _ if numbered("DBServer") || numbered("Coordinator") => "<short name>".to_owned(),
            _ if numbered("s") => "<shard>".to_owned(),
            _ if digits(key) && key.len() > 4 => "<id>".to_owned(),
            _ => self.apply(key),
        }
    }
}
