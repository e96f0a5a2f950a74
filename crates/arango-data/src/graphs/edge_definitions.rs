//! Changing which collections the edges of a graph connect.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;

use super::definition::EdgeDefinition;
use super::info::{GetGraph, GraphInfo};
use super::{ask_for_graph, conclude_changed};

/// Adds a collection of edges to a graph, and creates its collections that do not exist.
///
/// # Errors
///
/// 400 with error 1920 if the graph has the collection of edges already, and with error 1921 if another graph connects
/// it otherwise; 404 with error 1924 if the graph does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddEdgeDefinition {
    graph: String,
    definition: EdgeDefinition,
}

impl AddEdgeDefinition {
    /// Adds a definition to this graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, definition: EdgeDefinition) -> Self {
        Self { graph: graph.into(), definition }
    }
}

impl Operation for AddEdgeDefinition {
    type Output = GraphInfo;

    const METADATA: Metadata = Metadata::post("graph.add_edges", "/_api/gharial/{graph}/edge")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .creates(CreatedResource::collections(self.definition.collections()))
            .json(&self.definition)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for AddEdgeDefinition {
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
        conclude_defined(answer, &self.definition)
    }
}

/// Replaces which collections a collection of edges connects, in all graphs that have it.
///
/// Collections that no definition names any more become orphans. It is sent once: a late copy would undo a later change.
///
/// # Errors
///
/// 404 with error 1930 if the graph does not have the collection of edges, and with error 1924 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaceEdgeDefinition {
    graph: String,
    definition: EdgeDefinition,
}

impl ReplaceEdgeDefinition {
    /// Replaces the definition of the same collection of edges in this graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, definition: EdgeDefinition) -> Self {
        Self { graph: graph.into(), definition }
    }
}

impl Operation for ReplaceEdgeDefinition {
    type Output = GraphInfo;

    const METADATA: Metadata = Metadata::put("graph.replace_edges", "/_api/gharial/{graph}/edge/{edges}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .path_param("edges", &self.definition.collection)
            .creates(CreatedResource::collections(self.definition.collections()))
            .json(&self.definition)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for ReplaceEdgeDefinition {
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
        conclude_defined(answer, &self.definition)
    }
}

/// Removes a collection of edges from a graph. The collection stays, unless it is to be
/// [dropped](Self::drop_collection), too.
///
/// Collections that no definition names any more become orphans.
///
/// # Errors
///
/// 404 with error 1930 if the graph does not have the collection of edges, and with error 1924 if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveEdgeDefinition {
    graph: String,
    edges: String,
    drops_collection: bool,
}

impl RemoveEdgeDefinition {
    /// Removes the definition of a collection of edges from this graph.
    #[must_use]
    pub fn new(graph: impl Into<String>, edges: impl Into<String>) -> Self {
        Self { graph: graph.into(), edges: edges.into(), drops_collection: false }
    }

    /// Drops the collection of edges unless another graph uses it, too.
    #[must_use]
    pub fn drop_collection(mut self) -> Self {
        self.drops_collection = true;
        self
    }
}

impl Operation for RemoveEdgeDefinition {
    type Output = GraphInfo;

    const METADATA: Metadata = Metadata::delete("graph.remove_edges", "/_api/gharial/{graph}/edge/{edges}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA)
            .path_param("graph", &self.graph)
            .path_param("edges", &self.edges);
        if self.drops_collection { builder.query("dropCollections", "true") } else { builder }.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for RemoveEdgeDefinition {
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
        conclude_changed(answer, |graph| graph.edges_of(&self.edges).is_none())
    }
}

/// Concludes from a graph whether a definition is there, which was to be added or to replace another one.
#[inline]
fn conclude_defined(
    answer: Result<Option<GraphInfo>, &ErrorObject>,
    wanted: &EdgeDefinition,
) -> Conclusion<GraphInfo> {
    conclude_changed(answer, |graph| {
        graph.edge_definitions.iter().any(|definition| definition.is_equivalent(wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::LIBRARY;
    use super::*;
    use crate::testing::{assert_request, assert_request_with_body, read};
    use arango_protocol::{ErrorKind, Outcome};

    const BODY: &str = r#"{"collection":"wrote","from":["authors"],"to":["books"]}"#;

    fn wrote() -> EdgeDefinition {
        EdgeDefinition::new("wrote", ["authors"], ["books"])
    }

    #[test]
    fn a_definition_is_added_replaced_and_removed() {
        let add = AddEdgeDefinition::new("library", wrote());
        assert_request_with_body(&add, "POST", "/_api/gharial/library/edge", BODY);
        let replace = ReplaceEdgeDefinition::new("library", wrote());
        assert_request_with_body(&replace, "PUT", "/_api/gharial/library/edge/wrote", BODY);
        let remove = RemoveEdgeDefinition::new("library", "wrote");
        assert_request(&remove, "DELETE", "/_api/gharial/library/edge/wrote");
        let with_collection = "/_api/gharial/library/edge/wrote?dropCollections=true";
        assert_request(&remove.clone().drop_collection(), "DELETE", with_collection);
        for graph in [read(&add, LIBRARY), read(&replace, LIBRARY), read(&remove, LIBRARY)] {
            assert_eq!(graph.edge_definitions, [wrote()]);
        }
    }

    #[test]
    fn a_lost_change_is_seen_in_the_graph() {
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let add = AddEdgeDefinition::new("library", wrote());
        let existing = || read(&add.question(&lost).unwrap(), LIBRARY);
        assert!(matches!(add.conclusion(&lost, Ok(existing())), Conclusion::Executed(_)));
        let other = AddEdgeDefinition::new("library", EdgeDefinition::new("wrote", ["authors"], ["films"]));
        assert_eq!(other.conclusion(&lost, Ok(existing())), Conclusion::NotSeen);
        for (edges, executed) in [("wrote", false), ("read", true)] {
            let conclusion = RemoveEdgeDefinition::new("library", edges).conclusion(&lost, Ok(existing()));
            assert_eq!(matches!(conclusion, Conclusion::Executed(_)), executed, "{edges}");
        }
    }
}
