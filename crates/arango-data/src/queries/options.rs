//! How a query is executed.

use std::time::Duration;

/// A threshold of intermediate commits that no query reaches. Servers read numbers up to this one exactly.
const NEVER: u64 = i64::MAX as u64;

/// How much the server measures while it executes a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The time of each phase.
    Phases,
    /// The time of each phase and of each node of the plan.
    ///
    /// The plan is returned, too.
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
    pub(super) counts_all: bool,
    pub(super) is_stream: bool,
    pub(super) max_runtime: Option<Duration>,
    pub(super) default_max_runtime: Option<Duration>,
    pub(super) memory_limit: Option<u64>,
    pub(super) profile: Option<Profile>,
    pub(super) fails_on_warning: bool,
    pub(super) max_warnings: Option<u64>,
    pub(super) caches: bool,
    pub(super) uses_plan_cache: bool,
    pub(super) skips_block_cache: bool,
    pub(super) skips_inaccessible: bool,
    pub(super) allows_dirty_reads: bool,
    pub(super) allows_retry: bool,
    pub(super) requires_retry: bool,
    pub(super) rules: Vec<String>,
    pub(super) max_plans: Option<u64>,
    pub(super) max_transaction_bytes: Option<u64>,
    pub(super) intermediate_commit_count: Option<u64>,
    pub(super) intermediate_commit_bytes: Option<u64>,
    pub(super) satellite_wait: Option<Duration>,
    pub(super) spill_rows: Option<u64>,
    pub(super) spill_bytes: Option<u64>,
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

    /// Sets the number of rows of a batch.
    ///
    /// At least 1; the server's default is 1000.
    #[must_use]
    pub fn batch_size(mut self, rows: u64) -> Self {
        self.batch_size = Some(rows);
        self
    }

    /// Sets how long the cursor is kept between two batches.
    ///
    /// The server's default is 600 s. A [stream](Self::stream) with [`allow_retry`](Self::allow_retry) is kept for 60
    /// s: if its rows fit into one batch, its id is unknown, and it cannot be closed.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Returns how long the cursor is kept between two batches.
    ///
    /// If nothing was set, that is the default of coordinators, which an administrator may have changed.
    pub fn cursor_ttl(&self) -> Duration {
        self.ttl.or(self.default_ttl()).unwrap_or(Duration::from_secs(600))
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

    /// Produces the rows while they are read.
    ///
    /// Otherwise all of them before the first batch. A stream that writes commits with its last batch.
    #[must_use]
    pub fn stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// Sets after how long the server kills the query.
    ///
    /// The client waits that long for a response, even if its own limits are shorter.
    #[must_use]
    pub fn max_runtime(mut self, limit: Duration) -> Self {
        self.max_runtime = Some(limit);
        self
    }

    /// Sets the maximum runtime if [`max_runtime`](Self::max_runtime) is not set.
    ///
    /// For a client that does not wait longer: its own limits stay as they are.
    #[must_use]
    pub fn default_max_runtime(mut self, limit: Duration) -> Self {
        self.default_max_runtime = Some(limit);
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

    /// Limits the number of warnings that are returned.
    ///
    /// The server's default is 10.
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

    /// Lets a batch be read again whose response was lost.
    ///
    /// The server keeps each batch until the next one is read. Servers before 3.11 ignore it.
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

    /// Switches rules of the optimizer on and off.
    ///
    /// Such as `-all` and `+use-indexes`.
    #[must_use]
    pub fn optimizer_rules<R: Into<String>>(mut self, rules: impl IntoIterator<Item = R>) -> Self {
        self.rules.extend(rules.into_iter().map(Into::into));
        self
    }

    /// Limits the number of plans that the optimizer compares.
    ///
    /// The server's default is 128.
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

    /// Commits the query as a whole, however large it is.
    ///
    /// The DB-Servers then hold all its writes in memory. Otherwise a query is committed in parts, by default after
    /// 1,000,000 operations or 512 MiB, and the parts before an error stay.
    #[must_use]
    pub fn without_intermediate_commits(self) -> Self {
        self.intermediate_commit_count(NEVER).intermediate_commit_size(NEVER)
    }

    /// Returns whether the query is never committed in parts.
    pub(super) fn commits_once(&self) -> bool {
        self.intermediate_commit_count == Some(NEVER) && self.intermediate_commit_bytes == Some(NEVER)
    }

    /// Sets how long DB-Servers wait for satellite collections.
    ///
    /// The server's default is 60 s.
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
}
