//! The syntax of queries.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use super::aql::Aql;
use super::extra::Warning;

/// Checks the syntax of a query, without executing it.
///
/// Its parameters need not be bound.
///
/// # Errors
///
/// 400 with error 1501 if the syntax is wrong.
#[derive(Debug, Clone)]
pub struct ParseQuery {
    query: Aql,
}

/// What the text of a query uses.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ParsedQuery {
    /// The names of collections.
    pub collections: Vec<String>,
    /// The names of parameters; those of collections begin with `@`.
    #[serde(rename = "bindVars")]
    pub bind_names: Vec<String>,
    /// The syntax tree, as JSON.
    #[serde(default)]
    pub ast: serde_json::Value,
    /// The warnings.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

impl ParseQuery {
    /// Parses this query.
    #[must_use]
    pub fn new(query: &Aql) -> Self {
        Self { query: query.clone() }
    }
}

impl Operation for ParseQuery {
    type Output = ParsedQuery;

    const METADATA: Metadata = Metadata::post("query.parse", "/_api/query").safe().scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            query: &'a str,
        }
        RequestBuilder::new(Self::METADATA).json(&Body { query: self.query.text() }).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ParsedQuery, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read};

    #[test]
    fn a_query_is_parsed_without_its_parameters() {
        let parse = ParseQuery::new(&Aql::new("FOR b IN @@c FILTER b.a == @a RETURN b").bind("a", "s3cret"));
        let body = r#"{"query":"FOR b IN @@c FILTER b.a == @a RETURN b"}"#;
        assert_request_with_body(&parse, "POST", "/_api/query", body);
        let text = r#"{"parsed":true,"collections":[],"bindVars":["a","@c"],"ast":[{"type":"root"}],"error":false,"code":200}"#;
        assert_eq!(read(&parse, text).bind_names, ["a", "@c"]);
    }
}
