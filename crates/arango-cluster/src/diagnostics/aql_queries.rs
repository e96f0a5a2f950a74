//! The recent AQL queries of a server.

use std::fmt;

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An AQL query that a server has executed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AqlQuery {
    /// When it was executed.
    pub time_stamp: Timestamp,
    /// The text of the query.
    pub query: String,
    /// The bind variables. They are user data, so `Debug` omits them.
    #[serde(default)]
    pub bind_vars: Value,
    /// The database.
    pub database: String,
}

impl fmt::Debug for AqlQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AqlQuery")
            .field("time_stamp", &self.time_stamp)
            .field("query", &self.query)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Reads the recent AQL queries of the responding server. Since 3.12.6.
///
/// # Errors
///
/// 403 if `--log.recording-api-enabled` disables it or excludes the user; by default it requires an administrator.
/// 501 from a DB-Server or an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAqlQueries;

impl Operation for GetAqlQueries {
    type Output = Vec<AqlQuery>;

    const METADATA: Metadata = Metadata::get("server.aql_queries", "/_admin/server/aql-queries")
        .scope(Scope::Coordinator)
        .since("3.12.6")
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<AqlQuery>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            queries: Vec<AqlQuery>,
        }
        response.json_result::<Body>().map(|body| body.queries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn queries_are_read_and_bind_variables_are_not_printed() {
        assert_request(&GetAqlQueries, "GET", "/_admin/server/aql-queries");
        let queries = read(
            &GetAqlQueries,
            r#"{"error":false,"code":200,"result":{"queries":[{"timeStamp":"2025-11-20T10:00:00Z",
                "query":"RETURN @x","bindVars":{"x":"s3cret"},"database":"shop"}]}}"#,
        );
        assert_eq!((queries[0].query.as_str(), queries[0].database.as_str()), ("RETURN @x", "shop"));
        assert_eq!(queries[0].bind_vars["x"], "s3cret");
        assert!(!format!("{queries:?}").contains("s3cret"));
    }
}
