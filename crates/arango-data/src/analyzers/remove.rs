//! Removing an analyzer.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorObject, Failure, Metadata, Operation, OutputError, Permission,
    RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::ANALYZER_NOT_FOUND;
use super::info::{AnalyzerInfo, GetAnalyzer};
use crate::drop_status::DropStatus;
use crate::expected_error::{accept_error, is_response_lost};

/// Removes an analyzer.
///
/// An analyzer that is not there is no error. It is sent once: a late copy would remove the next one of the name.
///
/// # Errors
///
/// 409 with error 1200 if a view or an index uses it, see [`even_if_used`](Self::even_if_used); 403 with error 11 for
/// one that every server has, or of another database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveAnalyzer {
    name: String,
    even_if_used: bool,
}

impl RemoveAnalyzer {
    /// Removes the analyzer with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), even_if_used: false }
    }

    /// Removes it even if a view or an index uses it.
    #[must_use]
    pub fn even_if_used(mut self) -> Self {
        self.even_if_used = true;
        self
    }
}

impl Operation for RemoveAnalyzer {
    type Output = DropStatus;

    const METADATA: Metadata = Metadata::delete("analyzer.remove", "/_api/analyzer/{analyzer}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA).path_param("analyzer", &self.name);
        if self.even_if_used { builder.query("force", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DropStatus, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "name")]
            _name: String,
        }
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, ANALYZER_NOT_FOUND).map(|()| DropStatus::NotFound);
        }
        response.acknowledged()?;
        response.json::<Body>().map(|_| DropStatus::Dropped)
    }
}

impl Resolve for RemoveAnalyzer {
    type Question = GetAnalyzer;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetAnalyzer> {
        is_response_lost(failure).then(|| GetAnalyzer { name: self.name.clone() })
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<AnalyzerInfo>, &ErrorObject>,
    ) -> Conclusion<DropStatus> {
        DropStatus::conclude(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_missing_analyzer_is_no_error_and_a_lost_removal_is_not_repeated() {
        let remove = RemoveAnalyzer::new("words");
        assert_eq!(remove.properties().class, RequestClass::NonIdempotent);
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(remove.question(&lost).is_some());
        assert_eq!(remove.conclusion(&lost, Ok(None)), Conclusion::Executed(DropStatus::Dropped));
        assert_request(&remove, "DELETE", "/_api/analyzer/words");
        assert_request(&remove.clone().even_if_used(), "DELETE", "/_api/analyzer/words?force=true");
        let output = |status, body: &str| remove.output(response(status, body));
        let removed = r#"{"error":false,"code":200,"name":"_system::words"}"#;
        assert_eq!(output(200, removed).unwrap(), DropStatus::Dropped);
        let missing = r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"not found"}"#;
        assert_eq!(output(404, missing).unwrap(), DropStatus::NotFound);
        assert!(output(404, &missing.replace("1202", "1228")).is_err());
    }
}
