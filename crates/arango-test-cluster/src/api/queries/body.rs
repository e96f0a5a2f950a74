//! Query, bind parameters and options of a request.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::api::Call;
use crate::http::reply::ApiError;
use crate::state::cursors::{BatchIds, CursorOptions, Limits};

/// The default number of rows in a batch.
const BATCH_SIZE: usize = 1000;
/// How long a coordinator keeps an unused cursor, by default.
const TTL: Duration = Duration::from_secs(600);
/// Longer than any test, and without overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

const ATTRIBUTES: &[&str] =
    &["query", "bindVars", "batchSize", "count", "ttl", "cache", "memoryLimit", "stream", "options"];

/// The options of a query. Those that only change how a server works have no effect.
const OPTIONS: &[&str] = &[
    "allowDirtyReads",
    "allowRetry",
    "batchSize",
    "cache",
    "count",
    "failOnWarning",
    "fillBlockCache",
    "forceOneShardAttributeValue",
    "fullCount",
    "intermediateCommitCount",
    "intermediateCommitSize",
    "maxDNFConditionMembers",
    "maxNodesPerCallstack",
    "maxNumberOfPlans",
    "maxPlans",
    "maxRuntime",
    "maxTransactionSize",
    "maxWarningCount",
    "memoryLimit",
    "optimizer",
    "profile",
    "satelliteSyncWait",
    "skipInaccessibleCollections",
    "spillOverThresholdMemoryUsage",
    "spillOverThresholdNumRows",
    "stream",
    "ttl",
    "usePlanCache",
];

/// A request for a query.
#[derive(Debug)]
pub(super) struct QueryBody {
    pub(super) text: String,
    pub(super) bind_vars: Map<String, Value>,
    pub(super) cursor: CursorOptions,
    pub(super) limits: Limits,
    pub(super) output: Output,
    pub(super) warnings: WarningOptions,
    /// The value of the shard key whose shards the query reads, if it reads only these.
    pub(super) shard_value: Option<String>,
    pub(super) uses_plan_cache: bool,
    /// Whether collections that the user may not read are empty for the query.
    pub(super) skips_inaccessible: bool,
}

/// What a response contains, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) is_stream: bool,
    pub(super) has_full_count: bool,
    pub(super) profile: Profile,
}

/// What a response says about how the query ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    None,
    /// The times of its phases.
    Phases,
    /// These, its plan, and statistics of each node of the plan.
    Plan,
}

impl Profile {
    pub(super) fn read(value: Option<&Value>) -> Self {
        match value.map(|value| value.as_u64().unwrap_or_else(|| u64::from(value == &Value::Bool(true)))) {
            None | Some(0) => Self::None,
            Some(1) => Self::Phases,
            Some(_) => Self::Plan,
        }
    }
}

/// What becomes of warnings.
#[derive(Debug, Clone, Copy)]
pub(super) struct WarningOptions {
    pub(super) fail: bool,
    pub(super) most: usize,
}

impl WarningOptions {
    pub(super) fn read(options: &Map<String, Value>) -> Self {
        let most = options.get("maxWarningCount").and_then(Value::as_u64);
        Self {
            fail: options.get("failOnWarning") == Some(&Value::Bool(true)),
            most: most.and_then(|most| usize::try_from(most).ok()).unwrap_or(10),
        }
    }
}

/// Returns the object of a body that has a query.
pub(super) fn object(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    match call.request.json()? {
        Value::Object(body) if !body.is_empty() => Ok(body),
        _ => Err(ApiError::new(400, 600, "expecting a non-empty object")),
    }
}

/// Returns the text of the query.
pub(super) fn text(body: &Map<String, Value>) -> Result<String, ApiError> {
    let text = body.get("query").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    text.map(str::to_owned).ok_or_else(|| ApiError::new(400, 1502, "query is empty"))
}

/// Returns the values of the bind parameters.
pub(super) fn bind_vars(body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    match body.get("bindVars") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(variables)) => Ok(variables.clone()),
        Some(_) => Err(ApiError::new(400, 17, "expecting object for <bindVars>")),
    }
}

impl QueryBody {
    pub(super) fn read(call: &mut Call<'_>) -> Result<Self, ApiError> {
        let body = object(call)?;
        let options = match body.get("options") {
            Some(Value::Object(options)) => options.clone(),
            _ => Map::new(),
        };
        // Some clients send every option twice. A server ignores the copy outside of `options`.
        let is_copy = |name: &str| options.get(name).is_some() && options.get(name) == body.get(name);
        let names: Vec<&str> = ATTRIBUTES
            .iter()
            .copied()
            .chain(body.keys().map(String::as_str).filter(|name| is_copy(name)))
            .collect();
        call.require_attributes(&body, "", &names)?;
        require_options(call, &options, &[])?;
        let flag = |name: &str| options.get(name).and_then(Value::as_bool).unwrap_or(false);
        let is_stream = body.get("stream").and_then(Value::as_bool).unwrap_or_else(|| flag("stream"));
        let number = |name: &str| options.get(name).and_then(Value::as_f64).filter(|number| *number > 0.0);
        let whole = |name: &str| options.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
        let size = |name: &str| whole(name).and_then(|size| usize::try_from(size).ok());
        let memory = match options.get("memoryLimit") {
            Some(_) => size("memoryLimit"),
            None => {
                body.get("memoryLimit").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
            }
        };
        Ok(Self {
            shard_value: options
                .get("forceOneShardAttributeValue")
                .and_then(Value::as_str)
                .map(str::to_owned),
            uses_plan_cache: flag("usePlanCache") && call.version.at_least(3, 12, 4),
            skips_inaccessible: flag("skipInaccessibleCollections"),
            text: text(&body)?,
            bind_vars: bind_vars(&body)?,
            cursor: cursor_options(call, &body, &options)?,
            limits: Limits {
                memory: memory.filter(|size| *size > 0),
                time: number("maxRuntime").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
                transaction: size("maxTransactionSize"),
                intermediate_writes: whole("intermediateCommitCount"),
                intermediate_bytes: size("intermediateCommitSize"),
            },
            output: Output {
                is_stream,
                has_full_count: flag("fullCount") && !is_stream,
                profile: Profile::read(options.get("profile")),
            },
            warnings: WarningOptions::read(&options),
        })
    }
}

/// Refuses options, and values of options, that are not modelled. `more` are modelled for this request alone.
pub(super) fn require_options(
    call: &mut Call<'_>,
    options: &Map<String, Value>,
    more: &[&str],
) -> Result<(), ApiError> {
    call.require_attributes(options, "options.", &[OPTIONS, more].concat())?;
    if let Some(Value::Object(optimizer)) = options.get("optimizer") {
        call.require_attributes(optimizer, "options.optimizer.", &["rules"])?;
    }
    Ok(())
}

fn cursor_options(
    call: &Call<'_>,
    body: &Map<String, Value>,
    options: &Map<String, Value>,
) -> Result<CursorOptions, ApiError> {
    let version = call.version;
    let batch_size = match body.get("batchSize").filter(|value| value.is_number()) {
        None => BATCH_SIZE,
        Some(value) => {
            let size = value.as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
            size.ok_or_else(|| ApiError::new(400, 17, "expecting positive value for <batchSize>"))?
        }
    };
    let ttl = body.get("ttl").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
    let ttl = ttl.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(TTL);
    let flag = |name: &str| options.get(name) == Some(&Value::Bool(true));
    let batch_ids = if version.at_least(3, 11, 0) && flag("allowRetry") {
        BatchIds::Repeatable
    } else if version.at_least(3, 11, 1) {
        BatchIds::Present
    } else {
        BatchIds::Absent
    };
    Ok(CursorOptions {
        batch_size,
        ttl: ttl.min(LONGEST),
        count: body.get("count") == Some(&Value::Bool(true)),
        batch_ids,
        reads_dirty: flag("allowDirtyReads") || call.allows_dirty_reads(),
    })
}
