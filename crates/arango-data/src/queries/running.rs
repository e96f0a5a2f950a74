//! Running and slow queries.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use arango_protocol::values::{empty_value, seconds};
use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope, Timestamp, open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::ids::QueryId;

/// Of which databases queries are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum QueryScope {
    /// Of the database of the request.
    #[default]
    Database,
    /// Of all databases.
    ///
    /// Only in the database `_system`, and for superusers.
    AllDatabases,
}

/// Lists the queries that run on any coordinator.
///
/// # Errors
///
/// 503 with error 1478 if one of the coordinators cannot be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListRunningQueries {
    /// Of which databases.
    pub scope: QueryScope,
}

/// Lists the latest slow queries of all coordinators.
///
/// # Errors
///
/// 503 with error 1478 if one of the coordinators cannot be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListSlowQueries {
    /// Of which databases.
    pub scope: QueryScope,
}

open_enum! {
    /// What a query is doing.
    pub enum QueryState {
        /// It is being created.
        Initializing = "initializing",
        /// Its text is parsed.
        Parsing = "parsing",
        /// Its syntax tree is optimized.
        OptimizingAst = "optimizing ast",
        /// Its collections are opened.
        LoadingCollections = "loading collections",
        /// Its plan is created.
        InstantiatingPlan = "instantiating plan",
        /// Its plan is optimized.
        OptimizingPlan = "optimizing plan",
        /// Its executors are created.
        InstantiatingExecutors = "instantiating executors",
        /// It is executed.
        Executing = "executing",
        /// It is being ended.
        Finalizing = "finalizing",
        /// It has ended.
        Finished = "finished",
        /// It was killed.
        Killed = "killed",
    }
}

/// A query that runs, or was slow.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunningQuery {
    /// The id, for [`KillQuery`](crate::KillQuery).
    pub id: QueryId,
    /// The database.
    #[serde(default)]
    pub database: String,
    /// The user that started it.
    #[serde(default)]
    pub user: String,
    /// The text, cut off at the server's limit.
    pub query: String,
    /// The values of its parameters, if the server tracks them.
    ///
    /// `Debug` and `Serialize` write the names only: the values belong to others, and may be secret.
    #[serde(default, serialize_with = "names_only")]
    pub bind_vars: BTreeMap<String, Value>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// How long it has run.
    #[serde(default, deserialize_with = "seconds::optional", serialize_with = "seconds::write_optional")]
    pub run_time: Option<Duration>,
    /// The most memory that it has used at a time, in bytes.
    #[serde(default)]
    pub peak_memory_usage: u64,
    /// What it is doing.
    #[serde(default = "empty_value")]
    pub state: QueryState,
    /// Whether its rows are produced while they are read.
    #[serde(default)]
    pub stream: bool,
    /// Whether it writes.
    ///
    /// Since 3.12.2.
    pub modification_query: Option<bool>,
    /// The number of warnings.
    ///
    /// Since 3.12.2.
    pub warnings: Option<u64>,
}

impl Operation for ListRunningQueries {
    type Output = Vec<RunningQuery>;

    const METADATA: Metadata =
        Metadata::get("query.list_running", "/_api/query/current").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        list(Self::METADATA, self.scope)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<RunningQuery>, OutputError> {
        response.json()
    }
}

impl Operation for ListSlowQueries {
    type Output = Vec<RunningQuery>;

    const METADATA: Metadata = Metadata::get("query.list_slow", "/_api/query/slow").scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        list(Self::METADATA, self.scope)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<RunningQuery>, OutputError> {
        response.json()
    }
}

fn list(metadata: Metadata, scope: QueryScope) -> Result<Request<Bytes>, BuildError> {
    let builder = RequestBuilder::new(metadata);
    match scope {
        QueryScope::Database => builder,
        QueryScope::AllDatabases => builder.query("all", "true"),
    }
    .build()
}

/// Writes the names of parameters, each with null.
fn names_only<S: Serializer>(values: &BTreeMap<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.keys().map(|name| (name, ())))
}

// Without the values of parameters, which may be secret.
impl fmt::Debug for RunningQuery {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningQuery")
            .field("id", &self.id)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("query", &self.query)
            .field("bind_vars", &self.bind_vars.keys().collect::<Vec<_>>())
            .field("run_time", &self.run_time)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    const QUERIES: &str = r#"[{"id":"32665","database":"shop","user":"root","query":"RETURN SLEEP(@s)",
        "bindVars":{"s":"s3cret"},"started":"2025-04-02T05:25:56Z","runTime":1.5,"peakMemoryUsage":32768,
        "state":"executing","stream":false,"modificationQuery":false,"warnings":0,"exitCode":0}]"#;

    #[test]
    fn running_queries_are_listed_without_showing_their_values() {
        assert_request(&ListRunningQueries::default(), "GET", "/_api/query/current");
        let all = ListSlowQueries { scope: QueryScope::AllDatabases };
        assert_request(&all, "GET", "/_api/query/slow?all=true");
        let queries = read(&ListRunningQueries::default(), QUERIES);
        let query = &queries[0];
        assert_eq!((query.id.as_str(), &query.state), ("32665", &QueryState::Executing));
        assert_eq!((query.run_time, query.started.is_some()), (Some(Duration::from_millis(1500)), true));
        assert!(!format!("{query:?}").contains("s3cret"));
        assert!(read(&ListSlowQueries::default(), "[]").is_empty());
    }

    #[test]
    fn a_query_of_an_old_server_is_read() {
        let queries = read(&ListRunningQueries::default(), r#"[{"id":7,"query":"RETURN 1"}]"#);
        assert_eq!((queries[0].id.as_str(), queries[0].modification_query), ("7", None));
    }

    #[test]
    fn a_running_query_is_written_with_the_names_of_its_parameters_alone() {
        let queries = read(&ListRunningQueries::default(), QUERIES);
        let written = serde_json::to_value(&queries[0]).unwrap();
        assert_eq!(written["bindVars"], serde_json::json!({ "s": null }));
        assert_eq!((&written["runTime"], &written["state"]), (&1.5.into(), &"executing".into()));
        assert!(!written.to_string().contains("s3cret"), "{written}");
    }
}
