//! How a query is executed.

use std::time::Duration;

use arango_protocol::{BuildError, RequestProperties, Requirement};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// For a query that must not lose the response with its last batch.
static ALLOW_RETRY: Requirement = Requirement::new("allowRetry", "3.11.0");

/// How much the server measures while it executes a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The time of each phase.
    Phases,
    /// The time of each phase and of each node of the plan, with the plan.
    Nodes,
}

/// How a query is executed.
///
/// What is not set is not sent, and the defaults of the server hold.
///
/// ```
/// use arango_data::QueryOptions;
/// use std::time::Duration;
///
/// let options = QueryOptions::new().batch_size(500).full_count().max_runtime(Duration::from_secs(5));
/// # drop(options);
/// ```
#[expect(clippy::struct_excessive_bools, reason = "the options are independent")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryOptions {
    pub(super) batch_size: Option<u64>,
    pub(super) ttl: Option<Duration>,
    pub(super) counts: bool,
    counts_all: bool,
    pub(super) is_stream: bool,
    max_runtime: Option<Duration>,
    memory_limit: Option<u64>,
    profile: Option<Profile>,
    fails_on_warning: bool,
    max_warnings: Option<u64>,
    caches: bool,
    uses_plan_cache: bool,
    skips_block_cache: bool,
    skips_inaccessible: bool,
    pub(super) allows_dirty_reads: bool,
    pub(super) allows_retry: bool,
    requires_retry: bool,
    rules: Vec<String>,
    max_plans: Option<u64>,
    max_transaction_bytes: Option<u64>,
    intermediate_commit_count: Option<u64>,
    intermediate_commit_bytes: Option<u64>,
    satellite_wait: Option<Duration>,
    spill_rows: Option<u64>,
    spill_bytes: Option<u64>,
}

impl QueryOptions {
    /// Creates options with the defaults of the server.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether rows are computed when they are read.
    pub fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Sets the number of rows of a batch, at least 1; the server's default is 1000.
    #[must_use]
    pub fn batch_size(mut self, rows: u64) -> Self {
        self.batch_size = Some(rows);
        self
    }

    /// Sets how long the cursor is kept between two batches; coordinators keep it for 600 s.
    ///
    /// A [stream](Self::stream) with [`allow_retry`](Self::allow_retry) is kept for 60 s: if its rows fit into one batch,
    /// its id is unknown, and it cannot be closed.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Counts the rows; without effect on a [stream](Self::stream).
    #[must_use]
    pub fn count(mut self) -> Self {
        self.counts = true;
        self
    }

    /// Counts the rows that there would be without the last `LIMIT`.
    ///
    /// Without effect on a [stream](Self::stream).
    #[must_use]
    pub fn full_count(mut self) -> Self {
        self.counts_all = true;
        self
    }

    /// Produces the rows while they are read, instead of before the first batch.
    ///
    /// A stream that writes commits with its last batch.
    #[must_use]
    pub fn stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// Sets after how long the server kills the query.
    #[must_use]
    pub fn max_runtime(mut self, limit: Duration) -> Self {
        self.max_runtime = Some(limit);
        self
    }

    /// Sets after how long the server kills the query, unless that was set before.
    #[must_use]
    pub fn max_runtime_unless_set(mut self, limit: Duration) -> Self {
        self.max_runtime.get_or_insert(limit);
        self
    }

    /// Limits the memory of the query, in bytes.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Measures the query.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Fails at the first warning.
    #[must_use]
    pub fn fail_on_warning(mut self) -> Self {
        self.fails_on_warning = true;
        self
    }

    /// Limits the number of warnings that are returned; the server's default is 10.
    #[must_use]
    pub fn max_warnings(mut self, count: u64) -> Self {
        self.max_warnings = Some(count);
        self
    }

    /// Uses the cache of query results; coordinators have none.
    #[must_use]
    pub fn cache(mut self) -> Self {
        self.caches = true;
        self
    }

    /// Uses the cache of execution plans.
    ///
    /// Since 3.12.4; older servers ignore it.
    #[must_use]
    pub fn use_plan_cache(mut self) -> Self {
        self.uses_plan_cache = true;
        self
    }

    /// Reads without filling the cache of the storage engine.
    #[must_use]
    pub fn skip_block_cache(mut self) -> Self {
        self.skips_block_cache = true;
        self
    }

    /// Treats collections that the user may not read as empty.
    #[must_use]
    pub fn skip_inaccessible_collections(mut self) -> Self {
        self.skips_inaccessible = true;
        self
    }

    /// Allows to read from followers, whose documents may be older.
    #[must_use]
    pub fn allow_dirty_reads(mut self) -> Self {
        self.allows_dirty_reads = true;
        self
    }

    /// Keeps the last batch until the next one is read, so that a lost batch can be read again.
    ///
    /// Servers before 3.11 ignore it.
    #[must_use]
    pub fn allow_retry(mut self) -> Self {
        self.allows_retry = true;
        self
    }

    /// Sets [`allow_retry`](Self::allow_retry), and sends the query only to servers since 3.11.
    #[must_use]
    pub fn require_retry(mut self) -> Self {
        self.allows_retry = true;
        self.requires_retry = true;
        self
    }

    /// Switches rules of the optimizer on and off, such as `-all` and `+use-indexes`.
    #[must_use]
    pub fn optimizer_rules<R: Into<String>>(mut self, rules: impl IntoIterator<Item = R>) -> Self {
        self.rules.extend(rules.into_iter().map(Into::into));
        self
    }

    /// Limits the number of plans that the optimizer compares; the server's default is 128.
    #[must_use]
    pub fn max_plans(mut self, count: u64) -> Self {
        self.max_plans = Some(count);
        self
    }

    /// Limits the size of the query's transaction, in bytes.
    #[must_use]
    pub fn max_transaction_size(mut self, bytes: u64) -> Self {
        self.max_transaction_bytes = Some(bytes);
        self
    }

    /// Sets after how many operations a part of the transaction is committed.
    #[must_use]
    pub fn intermediate_commit_count(mut self, operations: u64) -> Self {
        self.intermediate_commit_count = Some(operations);
        self
    }

    /// Sets after how many bytes a part of the transaction is committed.
    #[must_use]
    pub fn intermediate_commit_size(mut self, bytes: u64) -> Self {
        self.intermediate_commit_bytes = Some(bytes);
        self
    }

    /// Sets how long DB-Servers wait for satellite collections; the server's default is 60 s.
    #[must_use]
    pub fn satellite_sync_wait(mut self, limit: Duration) -> Self {
        self.satellite_wait = Some(limit);
        self
    }

    /// Sets after how many rows a sort spills to disk.
    #[must_use]
    pub fn spill_over_rows(mut self, rows: u64) -> Self {
        self.spill_rows = Some(rows);
        self
    }

    /// Sets after how many bytes a sort spills to disk.
    #[must_use]
    pub fn spill_over_memory(mut self, bytes: u64) -> Self {
        self.spill_bytes = Some(bytes);
        self
    }

    /// Refuses what the server would refuse or take for a default.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let invalid = |field, reason| Err(BuildError::Field { field, reason });
        if self.batch_size == Some(0) {
            return invalid("batch_size", "is zero");
        }
        if self.ttl == Some(Duration::ZERO) {
            return invalid("ttl", "is zero");
        }
        // Zero would mean: no limit.
        if self.max_runtime == Some(Duration::ZERO) {
            return invalid("max_runtime", "is zero");
        }
        Ok(())
    }

    /// Returns the time to live that is sent, in seconds.
    pub(super) fn sent_ttl(&self) -> Option<f64> {
        /// For a cursor whose id may stay unknown.
        const UNKNOWN_ID: Duration = Duration::from_secs(60);
        let default = (self.is_stream && self.allows_retry).then_some(UNKNOWN_ID);
        self.ttl.or(default).map(|ttl| ttl.as_secs_f64())
    }

    pub(super) fn add_requirement(&self, properties: RequestProperties) -> RequestProperties {
        if self.requires_retry { properties.requires(&ALLOW_RETRY) } else { properties }
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self { batch_size: self.batch_size, ttl: self.ttl, counts: self.counts, ..Self::default() }
    }
}

/// The attribute `options` of the request.
impl Serialize for QueryOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Optimizer<'a> {
            rules: &'a [String],
        }
        let mut map = serializer.serialize_map(None)?;
        for (is_set, name) in [
            (self.counts_all, "fullCount"),
            (self.is_stream, "stream"),
            (self.fails_on_warning, "failOnWarning"),
            (self.caches, "cache"),
            (self.uses_plan_cache, "usePlanCache"),
            (self.skips_inaccessible, "skipInaccessibleCollections"),
            (self.allows_retry, "allowRetry"),
        ] {
            if is_set {
                map.serialize_entry(name, &true)?;
            }
        }
        if self.skips_block_cache {
            map.serialize_entry("fillBlockCache", &false)?;
        }
        for (number, name) in [
            (self.profile.map(|profile| if profile == Profile::Phases { 1 } else { 2 }), "profile"),
            (self.memory_limit, "memoryLimit"),
            (self.max_warnings, "maxWarningCount"),
            (self.max_plans, "maxNumberOfPlans"),
            (self.max_transaction_bytes, "maxTransactionSize"),
            (self.intermediate_commit_count, "intermediateCommitCount"),
            (self.intermediate_commit_bytes, "intermediateCommitSize"),
            (self.spill_rows, "spillOverThresholdNumRows"),
            (self.spill_bytes, "spillOverThresholdMemoryUsage"),
        ] {
            if let Some(number) = number {
                map.serialize_entry(name, &number)?;
            }
        }
        for (limit, name) in [(self.max_runtime, "maxRuntime"), (self.satellite_wait, "satelliteSyncWait")] {
            if let Some(limit) = limit {
                map.serialize_entry(name, &limit.as_secs_f64())?;
            }
        }
        if !self.rules.is_empty() {
            map.serialize_entry("optimizer", &Optimizer { rules: &self.rules })?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_was_set_is_sent() {
        assert_eq!(serde_json::to_string(&QueryOptions::new()).unwrap(), "{}");
        let options = QueryOptions::new()
            .full_count()
            .profile(Profile::Nodes)
            .max_runtime(Duration::from_millis(1500))
            .skip_block_cache()
            .optimizer_rules(["-all", "+use-indexes"])
            .memory_limit(1 << 20);
        let expected = json!({
            "fullCount": true, "profile": 2, "maxRuntime": 1.5, "fillBlockCache": false, "memoryLimit": 1 << 20,
            "optimizer": { "rules": ["-all", "+use-indexes"] },
        });
        assert_eq!(serde_json::to_value(&options).unwrap(), expected);
    }

    #[test]
    fn a_stream_whose_id_may_stay_unknown_lives_shortly() {
        let ttl = |options: &QueryOptions| options.sent_ttl();
        let both = QueryOptions::new().stream().allow_retry();
        assert_eq!(ttl(&both), Some(60.0));
        assert_eq!(ttl(&both.ttl(Duration::from_secs(300))), Some(300.0));
        assert_eq!(ttl(&QueryOptions::new().stream()), None);
        assert_eq!(ttl(&QueryOptions::new().allow_retry()), None);
    }

    #[test]
    fn a_zero_that_would_mean_something_else_is_refused() {
        for (options, reason) in [
            (QueryOptions::new().batch_size(0), "`batch_size` is zero"),
            (QueryOptions::new().ttl(Duration::ZERO), "`ttl` is zero"),
            (QueryOptions::new().max_runtime(Duration::ZERO), "`max_runtime` is zero"),
        ] {
            assert_eq!(options.check().unwrap_err().to_string(), reason);
        }
    }
}
