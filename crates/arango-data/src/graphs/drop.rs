//! Dropping a graph.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorObject, Failure, Metadata, Operation, OutputError, Permission,
    RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;

use super::GRAPH_NOT_FOUND;
use super::info::{GetGraph, GraphInfo};
use crate::drop_status::DropStatus;
use crate::expected_error::{accept_error, is_response_lost};

/// Drops a graph. Its collections stay, unless they are to be [dropped](Self::with_collections), too.
///
/// It is not repeated if its response was lost, since a late copy would drop the next graph of that name. A graph that
/// is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropGraph {
    name: String,
    with_collections: bool,
}

impl DropGraph {
    /// Drops the graph with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), with_collections: false }
    }

    /// Drops those of its collections that no other graph uses, too.
    ///
    /// The server drops them after the graph. If the response is lost, it stays unknown whether all of them are gone.
    #[must_use]
    pub fn with_collections(mut self) -> Self {
        self.with_collections = true;
        self
    }
}

impl Operation for DropGraph {
    type Output = DropStatus;

    const METADATA: Metadata = Metadata::delete("graph.drop", "/_api/gharial/{graph}")
        .scope(Scope::Database)
        .permission(Permission::Write)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA).path_param("graph", &self.name);
        if self.with_collections { builder.query("dropCollections", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DropStatus, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "removed")]
            _removed: bool,
        }
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, GRAPH_NOT_FOUND).map(|()| DropStatus::NotFound);
        }
        response.json::<Body>().map(|_| DropStatus::Dropped)
    }
}

impl Resolve for DropGraph {
    type Question = GetGraph;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetGraph> {
        is_response_lost(failure).then(|| GetGraph { name: self.name.clone() })
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<GraphInfo>, &ErrorObject>,
    ) -> Conclusion<DropStatus> {
        match answer {
            // The collections go after the graph, and perhaps have not gone yet.
            Ok(None) if self.with_collections => Conclusion::CannotTell,
            answer => DropStatus::conclude(&answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::MISSING;
    use super::*;
    use crate::testing::{assert_request, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_missing_graph_is_no_error_and_a_lost_drop_is_not_repeated() {
        let drop = DropGraph::new("library");
        assert_request(&drop, "DELETE", "/_api/gharial/library");
        assert_request(
            &drop.clone().with_collections(),
            "DELETE",
            "/_api/gharial/library?dropCollections=true",
        );
        assert_eq!(drop.properties().class, RequestClass::NonIdempotent);
        let output = |status, body: &str| drop.output(response(status, body));
        assert_eq!(output(202, r#"{"error":false,"code":202,"removed":true}"#).unwrap(), DropStatus::Dropped);
        assert_eq!(output(404, MISSING).unwrap(), DropStatus::NotFound);
        assert!(output(404, &MISSING.replace("1924", "1228")).is_err());
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(drop.question(&lost).is_some());
        assert_eq!(drop.conclusion(&lost, Ok(None)), Conclusion::Executed(DropStatus::Dropped));
        assert_eq!(drop.with_collections().conclusion(&lost, Ok(None)), Conclusion::CannotTell);
    }
}
