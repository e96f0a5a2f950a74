//! Removing a vertex with its edges.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    Permission, RequestBuilder, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::header::IF_MATCH;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::documents::ReadDocument;
use crate::drop_status::DropStatus;
use crate::expected_error::{accept_error, is_response_lost};
use crate::names::{CollectionName, Key, Revision};

/// Removes a vertex, and all edges of any graph of the database that begin or end there.
///
/// Removing the document alone would leave its edges behind. It is not repeated if its response was lost, since a late
/// copy could remove the next document of that key. A vertex that is not there is no error.
///
/// # Errors
///
/// 412 with error 1200 if the vertex has another [revision](Self::if_revision); 404 with error 1924 if the graph does
/// not exist, and with error 1203 or 1949 if the collection does not, or does not belong to the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveVertex {
    graph: String,
    collection: CollectionName,
    key: Key,
    revision: Option<Revision>,
}

impl RemoveVertex {
    /// Removes the vertex with this key from a collection of a graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, collection: &CollectionName, key: &Key) -> Self {
        Self { graph: graph.into(), collection: collection.clone(), key: key.clone(), revision: None }
    }

    /// Removes the vertex only if it has this revision.
    #[must_use]
    pub fn if_revision(mut self, revision: &Revision) -> Self {
        self.revision = Some(revision.clone());
        self
    }
}

impl Operation for RemoveVertex {
    type Output = DropStatus;

    const METADATA: Metadata =
        Metadata::delete("graph.remove_vertex", "/_api/gharial/{graph}/vertex/{collection}/{key}")
            .scope(Scope::Database)
            .permission(Permission::Write)
            .accept_statuses(&[404]);

    // The vertex and its edges may have several leaders.
    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).without_rollback()
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .path_param("collection", self.collection.as_str())
            .path_param("key", self.key.as_str());
        match &self.revision {
            Some(revision) => builder.header(IF_MATCH, &revision.to_etag()),
            None => builder,
        }
        .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<DropStatus, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "removed")]
            _removed: bool,
        }
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, ErrorNumber::DOCUMENT_NOT_FOUND).map(|()| DropStatus::NotFound);
        }
        response.json::<Body>().map(|_| DropStatus::Dropped)
    }
}

impl Resolve for RemoveVertex {
    type Question = ReadDocument<Box<RawValue>>;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        is_response_lost(failure).then(|| ReadDocument::new(&self.collection, &self.key))
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<DropStatus> {
        // The edges go in the same transaction.
        DropStatus::conclude(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, key, name, response};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn a_missing_vertex_is_no_error_and_a_missing_graph_is_one() {
        let remove = RemoveVertex::new("library", &name("authors"), &key("a:b"));
        assert_request(&remove, "DELETE", "/_api/gharial/library/vertex/authors/a%3Ab");
        let output = |status, body: &str| remove.output(response(status, body));
        assert_eq!(output(202, r#"{"error":false,"code":202,"removed":true}"#).unwrap(), DropStatus::Dropped);
        let missing = r#"{"error":true,"code":404,"errorNum":1202,"errorMessage":"document not found"}"#;
        assert_eq!(output(404, missing).unwrap(), DropStatus::NotFound);
        for other in ["1203", "1924", "1949"] {
            assert!(output(404, &missing.replace("1202", other)).is_err(), "{other}");
        }
    }

    #[test]
    fn a_lost_removal_is_not_repeated_but_looked_for() {
        let remove = RemoveVertex::new("library", &name("authors"), &key("a"));
        let remove = remove.if_revision(&Revision::new("_a").unwrap());
        assert_eq!(remove.request().unwrap().headers()[IF_MATCH], "\"_a\"");
        assert_eq!(remove.properties().class, RequestClass::NonIdempotent);
        assert!(!remove.properties().is_rolled_back, "vertex and edges may have several leaders");
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert_request(&remove.question(&lost).unwrap(), "GET", "/_api/document/authors/a");
        assert_eq!(remove.conclusion(&lost, Ok(None)), Conclusion::Executed(DropStatus::Dropped));
        let document = RawValue::from_string("{}".to_owned()).unwrap();
        assert_eq!(remove.conclusion(&lost, Ok(Some(document))), Conclusion::NotSeen);
    }
}
