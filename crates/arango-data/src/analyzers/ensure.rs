//! Creating an analyzer unless there is an equal one.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;

use super::definition::Analyzer;
use super::info::AnalyzerInfo;

/// Creates an analyzer unless there is an equal one of the name.
///
/// It can be repeated: a second copy finds the analyzer of the first. An analyzer never changes.
///
/// # Errors
///
/// 400 with error 10 if an analyzer of the name does something else, or if the definition is invalid; 501 with error 9
/// if the server does not have the type.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsureAnalyzer {
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Body {
    name: String,
    #[serde(flatten)]
    analyzer: Analyzer,
}

/// The result of ensuring an analyzer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EnsuredAnalyzer {
    /// The analyzer.
    pub analyzer: AnalyzerInfo,
    /// Whether it existed before.
    ///
    /// It may have been created by an earlier copy of the request.
    pub existed: bool,
}

impl EnsureAnalyzer {
    /// Ensures an analyzer with this name.
    #[must_use]
    pub fn new(name: impl Into<String>, analyzer: Analyzer) -> Self {
        Self { body: Body { name: name.into(), analyzer } }
    }
}

impl Operation for EnsureAnalyzer {
    type Output = EnsuredAnalyzer;

    const METADATA: Metadata = Metadata::post("analyzer.ensure", "/_api/analyzer")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(&self.body).build()
    }

    fn output(&self, response: ApiResponse) -> Result<EnsuredAnalyzer, OutputError> {
        let existed = response.status() != StatusCode::CREATED;
        response.json().map(|analyzer| EnsuredAnalyzer { analyzer, existed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, response};
    use arango_protocol::RequestClass;

    #[test]
    fn an_analyzer_that_existed_is_distinguished_by_the_status() {
        let ensure = EnsureAnalyzer::new("words", Analyzer::delimiter(","));
        let body = r#"{"name":"words","type":"delimiter","properties":{"delimiter":","},"features":[]}"#;
        assert_request_with_body(&ensure, "POST", "/_api/analyzer", body);
        assert_eq!(ensure.properties().class, RequestClass::Fenced);
        for (status, existed) in [(201, false), (200, true)] {
            assert_eq!(ensure.output(response(status, body)).unwrap().existed, existed);
        }
    }
}
