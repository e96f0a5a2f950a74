//! Changing which collections of vertices belong to a graph without edges.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::info::{GetGraph, GraphInfo};
use super::{ask_for_graph, conclude_changed};

/// Adds a collection of vertices to a graph, and creates it unless it exists.
///
/// # Errors
///
/// 400 with error 1938 if it is an orphan of the graph already, and with error 1929 if a definition names it; 404 with
/// error 1924 if the graph does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOrphanCollection {
    graph: String,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Body {
    collection: String,
}

impl AddOrphanCollection {
    /// Adds a collection to this graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, collection: impl Into<String>) -> Self {
        Self { graph: graph.into(), body: Body { collection: collection.into() } }
    }
}

impl Operation for AddOrphanCollection {
    type Output = GraphInfo;

    const METADATA: Metadata = Metadata::post("graph.add_orphan", "/_api/gharial/{graph}/vertex")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .creates(CreatedResource::collection(&self.body.collection))
            .json(&self.body)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for AddOrphanCollection {
    type Question = GetGraph;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetGraph> {
        ask_for_graph(&self.graph, failure)
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<GraphInfo>, &ErrorObject>,
    ) -> Conclusion<GraphInfo> {
        conclude_changed(answer, |graph| graph.orphan_collections.contains(&self.body.collection))
    }
}

/// Removes an orphan from a graph. The collection stays, unless it is to be [dropped](Self::drop_collection), too.
///
/// # Errors
///
/// 400 with error 1928 if it is no orphan of the graph; 404 with error 1924 if the graph does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveOrphanCollection {
    graph: String,
    collection: String,
    drops_collection: bool,
}

impl RemoveOrphanCollection {
    /// Removes a collection from this graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, collection: impl Into<String>) -> Self {
        Self { graph: graph.into(), collection: collection.into(), drops_collection: false }
    }

    /// Drops the collection unless another graph uses it, too.
    ///
    /// The server drops it after it has changed the graph. If the response is lost, it stays unknown whether it is
    /// gone.
    #[must_use]
    pub fn drop_collection(mut self) -> Self {
        self.drops_collection = true;
        self
    }
}

impl Operation for RemoveOrphanCollection {
    type Output = GraphInfo;

    const METADATA: Metadata =
        Metadata::delete("graph.remove_orphan", "/_api/gharial/{graph}/vertex/{collection}")
            .scope(Scope::Database)
            .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .path_param("collection", &self.collection);
        if self.drops_collection { builder.query("dropCollection", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for RemoveOrphanCollection {
    type Question = GetGraph;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetGraph> {
        ask_for_graph(&self.graph, failure)
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<GraphInfo>, &ErrorObject>,
    ) -> Conclusion<GraphInfo> {
        match conclude_changed(answer, |graph| !graph.orphan_collections.contains(&self.collection)) {
            // The collection goes after the change of the graph, and perhaps has not gone yet.
            Conclusion::Executed(_) if self.drops_collection => Conclusion::CannotTell,
            conclusion => conclusion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::LIBRARY;
    use super::*;
    use crate::testing::{assert_request, assert_request_with_body, read};
    use arango_protocol::{ErrorKind, Outcome};

    #[test]
    fn an_orphan_is_added_and_removed() {
        let add = AddOrphanCollection::new("library", "shelves");
        assert_request_with_body(&add, "POST", "/_api/gharial/library/vertex", r#"{"collection":"shelves"}"#);
        let remove = RemoveOrphanCollection::new("library", "shelves");
        assert_request(&remove, "DELETE", "/_api/gharial/library/vertex/shelves");
        let with_collection = "/_api/gharial/library/vertex/shelves?dropCollection=true";
        assert_request(&remove.clone().drop_collection(), "DELETE", with_collection);
        assert_eq!(read(&add, LIBRARY), read(&remove, LIBRARY));
    }

    #[test]
    fn a_lost_change_is_seen_in_the_graph() {
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let add = AddOrphanCollection::new("library", "shelves");
        let existing = || read(&add.question(&lost).unwrap(), LIBRARY);
        let is_executed = |conclusion| matches!(conclusion, Conclusion::Executed(_));
        assert!(is_executed(add.conclusion(&lost, Ok(existing()))));
        assert!(!is_executed(AddOrphanCollection::new("library", "rooms").conclusion(&lost, Ok(existing()))));
        let remove = RemoveOrphanCollection::new("library", "shelves");
        assert_eq!(remove.conclusion(&lost, Ok(existing())), Conclusion::NotSeen);
        assert!(is_executed(
            RemoveOrphanCollection::new("library", "rooms").conclusion(&lost, Ok(existing()))
        ));
    }
}
