//! Which analyzers there are.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ANALYZER_NOT_FOUND;
use crate::expected_error::accept_error;
use crate::indexes::AnalyzerFeature;

/// An analyzer.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AnalyzerInfo {
    /// The name, with its database before two colons unless every server has it: `library::words`.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub analyzer_type: String,
    /// The properties of the type.
    pub properties: Map<String, Value>,
    /// What is stored about values.
    pub features: Vec<AnalyzerFeature>,
}

/// Lists the analyzers of a database, those of `_system`, and those that every server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListAnalyzers;

impl Operation for ListAnalyzers {
    type Output = Vec<AnalyzerInfo>;

    const METADATA: Metadata = Metadata::get("analyzer.list", "/_api/analyzer").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<AnalyzerInfo>, OutputError> {
        response.json_result()
    }
}

/// Returns an analyzer; `None` if there is none with this name.
///
/// `::words` and `_system::words` are analyzers of `_system`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAnalyzer {
    /// The name, with or without a database.
    pub name: String,
}

impl Operation for GetAnalyzer {
    type Output = Option<AnalyzerInfo>;

    const METADATA: Metadata = Metadata::get("analyzer.get", "/_api/analyzer/{analyzer}")
        .scope(Scope::Database)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("analyzer", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<AnalyzerInfo>, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, ANALYZER_NOT_FOUND).map(|()| None);
        }
        response.json().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read, response};

    const WORDS: &str = r#"{"name":"_system::words","type":"text","properties":{"locale":"en"},"features":["frequency","new"]}"#;

    #[test]
    fn an_analyzer_is_read_or_is_not_there() {
        let get = GetAnalyzer { name: "::words".to_owned() };
        assert_request(&get, "GET", "/_api/analyzer/%3A%3Awords");
        let words = read(&get, WORDS).unwrap();
        assert_eq!(
            (words.name.as_str(), &words.properties["locale"]),
            ("_system::words", &Value::from("en"))
        );
        assert_eq!(words.features[1], AnalyzerFeature::Unknown("new".to_owned()));
        let missing = r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"unable to find analyzer"}"#;
        assert_eq!(get.output(response(404, missing)).unwrap(), None);
        assert!(get.output(response(404, &missing.replace("1202", "1228"))).is_err());
    }

    #[test]
    fn analyzers_are_listed() {
        assert_request(&ListAnalyzers, "GET", "/_api/analyzer");
        let body = format!(r#"{{"error":false,"code":200,"result":[{WORDS}]}}"#);
        assert_eq!(read(&ListAnalyzers, &body).len(), 1);
    }

    #[test]
    fn an_analyzer_is_written_under_the_names_of_the_server() {
        let words = read(&GetAnalyzer { name: "words".to_owned() }, WORDS).unwrap();
        assert_written(&words, &[("/type", "text".into()), ("/features/1", "new".into())]);
    }
}
