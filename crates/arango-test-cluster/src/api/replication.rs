//! How often shards are copied, as requests ask for it.

use serde_json::{Map, Value};

use crate::config::version::Version;
use crate::http::reply::ApiError;

/// The largest replication factor that a server accepts by default.
const MAX_FACTOR: usize = 10;

/// The number of copies of each shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    Count(usize),
    /// A copy on every DB-Server.
    Satellite,
}

/// What a request says about the copies of shards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replication {
    pub(super) factor: Option<Factor>,
    /// How many copies must be in sync for a write.
    pub(super) concern: Option<usize>,
}

impl Replication {
    /// Reads `replicationFactor` and `writeConcern`, which had another name before 4.0.
    pub(super) fn read(body: &Map<String, Value>, version: &Version) -> Result<Self, ApiError> {
        let factor = match body.get("replicationFactor") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text == "satellite" => Some(Factor::Satellite),
            Some(number) => Some(match whole(number, "replicationFactor")? {
                0 => Factor::Satellite,
                count => Factor::Count(count),
            }),
        };
        let concern = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(number) => whole(number, name).map(Some),
        };
        let new = concern("writeConcern")?;
        let old = if version.is_4() { None } else { concern("minReplicationFactor")? };
        if let (Some(new), Some(old)) = (new, old)
            && new != old
        {
            return Err(ApiError::bad_parameter("ambiguous values of writeConcern and minReplicationFactor"));
        }
        let concern = new.or(old);
        if concern == Some(0) && factor != Some(Factor::Satellite) {
            return Err(ApiError::bad_parameter("`writeConcern` must be at least 1"));
        }
        Ok(Self { factor, concern })
    }
}

/// Refuses a replication factor that is too large for a server, or for this number of DB-Servers.
pub(super) fn check_factor(factor: usize, servers: usize) -> Result<(), ApiError> {
    if factor > MAX_FACTOR {
        let text = format!("`replicationFactor` must not be larger than {MAX_FACTOR}");
        return Err(ApiError::bad_parameter(text));
    }
    if factor > servers { Err(too_few_servers()) } else { Ok(()) }
}

/// Refuses a write concern that no write could meet.
pub(super) fn check_concern(concern: usize, factor: usize) -> Result<(), ApiError> {
    if concern <= factor {
        return Ok(());
    }
    Err(ApiError::bad_parameter("`writeConcern` must not be larger than `replicationFactor`"))
}

/// There are fewer DB-Servers than copies are asked for.
pub(super) fn too_few_servers() -> ApiError {
    ApiError::of_number(1487, "not enough DB-Servers for this replication factor")
}

/// Reads a number that is not negative and has no fraction.
pub(super) fn whole(number: &Value, name: &str) -> Result<usize, ApiError> {
    let count = number.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| ApiError::bad_parameter(format!("invalid `{name}`")))
}
