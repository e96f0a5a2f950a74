//! How the options of a query are sent.

use std::time::Duration;

use arango_protocol::{BuildError, RequestProperties, Requirement};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::options::{Profile, QueryOptions};

/// For a query that must not lose the response with its last batch.
static ALLOW_RETRY: Requirement = Requirement::new("allow_retry", "3.11.0");

impl QueryOptions {
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
        self.ttl.or(self.default_ttl()).map(|ttl| ttl.as_secs_f64())
    }

    /// Returns the time to live of a cursor whose id may stay unknown.
    pub(super) fn default_ttl(&self) -> Option<Duration> {
        (self.is_stream && self.allows_retry).then_some(Duration::from_secs(60))
    }

    /// Adds what the options say about the request: the server that it needs, and how long it may take.
    pub(super) fn add_properties(&self, mut properties: RequestProperties) -> RequestProperties {
        if self.requires_retry {
            properties = properties.requires(&ALLOW_RETRY);
        }
        match self.max_runtime {
            Some(limit) => properties.server_timeout(limit),
            None => properties,
        }
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
        let max_runtime = self.max_runtime.or(self.default_max_runtime);
        for (limit, name) in [(max_runtime, "maxRuntime"), (self.satellite_wait, "satelliteSyncWait")] {
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
    fn a_default_of_the_runtime_is_sent_but_does_not_raise_the_limits_of_the_call() {
        let seconds = Duration::from_secs;
        let properties = RequestProperties::with_class(arango_protocol::RequestClass::Safe);
        let default = QueryOptions::new().default_max_runtime(seconds(30));
        assert_eq!(serde_json::to_value(&default).unwrap(), json!({ "maxRuntime": 30.0 }));
        assert_eq!(default.add_properties(properties).server_timeout, None);
        let set = default.max_runtime(seconds(300));
        assert_eq!(serde_json::to_value(&set).unwrap(), json!({ "maxRuntime": 300.0 }));
        assert_eq!(set.add_properties(properties).server_timeout, Some(seconds(300)));
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
