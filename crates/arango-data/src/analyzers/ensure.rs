//! Creating an analyzer unless there is an equal one.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;

use super::definition::Analyzer;
use super::info::{AnalyzerInfo, GetAnalyzer};
use crate::ensured::Ensured;

/// Creates an analyzer unless there is an equal one of the name.
///
/// It can be repeated: a second copy finds the analyzer of the first. An analyzer never changes. If one of the name does
/// something else, [`Resolve`] reads and compares it.
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

impl EnsureAnalyzer {
    /// Ensures an analyzer with this name.
    #[must_use]
    pub fn new(name: impl Into<String>, analyzer: Analyzer) -> Self {
        Self { body: Body { name: name.into(), analyzer } }
    }

    fn subject(&self) -> String {
        format!("analyzer {}", self.body.name)
    }
}

impl Operation for EnsureAnalyzer {
    type Output = Ensured<AnalyzerInfo>;

    const METADATA: Metadata = Metadata::post("analyzer.ensure", "/_api/analyzer")
        .fenced()
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(&self.body).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Ensured<AnalyzerInfo>, OutputError> {
        let analyzer = response.json()?;
        Ok(match response.status() {
            StatusCode::CREATED => Ensured::created(self.subject(), analyzer),
            // The server has compared it.
            _ => Ensured::existed(self.subject(), analyzer, Vec::new()),
        })
    }
}

impl Resolve for EnsureAnalyzer {
    type Question = GetAnalyzer;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetAnalyzer> {
        // Also the number of an invalid definition.
        let may_differ = failure.number == Some(ErrorNumber::BAD_PARAMETER);
        may_differ.then(|| GetAnalyzer { name: self.body.name.clone() })
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Option<AnalyzerInfo>, &ErrorObject>,
    ) -> Conclusion<Ensured<AnalyzerInfo>> {
        let compared = |existing: AnalyzerInfo| {
            let differences = self.body.analyzer.differences(&existing);
            Ensured::existed(self.subject(), existing, differences)
        };
        match answer.map(|existing| existing.map(compared)) {
            // The server has refused it, so it differs in something that is not compared, or was invalid.
            Ok(Some(ensured)) if ensured.matches() => Conclusion::Superseded,
            Ok(Some(ensured)) => Conclusion::Executed(ensured),
            Ok(None) if failure.has_ambiguous_predecessor => Conclusion::NotSeen,
            Ok(None) => Conclusion::NotExecuted,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

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
    #[test]
    fn an_analyzer_of_the_name_that_does_something_else_is_compared() {
        let ensure = EnsureAnalyzer::new("words", Analyzer::delimiter(","));
        let number = Some(ErrorNumber::BAD_PARAMETER);
        let refused = Failure::new(ErrorKind::Server, Outcome::NotExecuted, number);
        let question = ensure.question(&refused).unwrap();
        let existing = |delimiter: &str| {
            let body = r#"{"name":"library::words","type":"delimiter","properties":{"delimiter":"D"},"features":[]}"#;
            read(&question, &body.replace('D', delimiter))
        };
        let conclusion = ensure.conclusion(&refused, Ok(existing(" ")));
        let Conclusion::Executed(ensured) = conclusion else { panic!("{conclusion:?}") };
        let text = r#"analyzer words exists and differs: properties.delimiter is " ", expected ",""#;
        assert_eq!((ensured.existed, ensured.to_string().as_str()), (true, text));
        assert_eq!(
            ensure.conclusion(&refused, Ok(existing(","))),
            Conclusion::Superseded,
            "no difference seen"
        );
        assert_eq!(ensure.conclusion(&refused, Ok(None)), Conclusion::NotExecuted, "an invalid definition");
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(ensure.question(&lost).is_none(), "it was repeated");
    }
}
