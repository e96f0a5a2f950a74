//! Creating a graph.

use std::collections::BTreeSet;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, CreatedResource, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, ReplicationFactor, RequestBuilder, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::DUPLICATE_GRAPH;
use super::definition::EdgeDefinition;
use super::ensure::EnsureGraph;
use super::info::{GetGraph, GraphInfo};

/// Creates a graph, and those of its collections that do not exist.
///
/// ```
/// use arango_data::{CreateGraph, EdgeDefinition};
///
/// let wrote = EdgeDefinition::new("wrote", ["authors"], ["books"]);
/// let create = CreateGraph::new("library").edges(wrote).orphan("shelves").shards(3).replication_factor(3);
/// # drop(create);
/// ```
///
/// # Errors
///
/// 409 with error 1925 if there is a graph of the name, see [`ensure`](Self::ensure); 400 with error 1921 if another
/// graph connects the same edges otherwise; 400 with error 1923 if a definition names no collection.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateGraph {
    pub(super) body: Body,
    waits_for_sync: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) name: String,
    pub(super) edge_definitions: Vec<EdgeDefinition>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) orphan_collections: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_smart: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_disjoint: bool,
    pub(super) options: Options,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number_of_shards: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replication_factor: Option<ReplicationFactor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) write_concern: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smart_graph_attribute: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) satellites: Vec<String>,
}

impl CreateGraph {
    /// Creates a graph with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let body = Body {
            name: name.into(),
            edge_definitions: Vec::new(),
            orphan_collections: Vec::new(),
            is_smart: false,
            is_disjoint: false,
            options: Options::default(),
        };
        Self { body, waits_for_sync: false }
    }

    /// Returns the name of the graph.
    pub fn name(&self) -> &str {
        &self.body.name
    }

    /// Returns the names of all collections that it names.
    #[inline]
    pub fn collections(&self) -> BTreeSet<&str> {
        let connected = self.body.edge_definitions.iter().flat_map(EdgeDefinition::collections);
        connected.chain(self.body.orphan_collections.iter().map(String::as_str)).collect()
    }

    /// Adds a collection of edges.
    #[must_use]
    #[inline]
    pub fn edges(mut self, definition: EdgeDefinition) -> Self {
        self.body.edge_definitions.push(definition);
        self
    }

    /// Adds a collection of vertices that no definition names.
    #[must_use]
    pub fn orphan(mut self, collection: impl Into<String>) -> Self {
        self.body.orphan_collections.push(collection.into());
        self
    }

    /// Sets the number of shards of the collections that are created.
    ///
    /// The server's default is 1.
    #[must_use]
    pub fn shards(mut self, count: u64) -> Self {
        self.body.options.number_of_shards = Some(count);
        self
    }

    /// Sets the number of copies of each shard of the collections that are created.
    #[must_use]
    pub fn replication_factor(mut self, factor: impl Into<ReplicationFactor>) -> Self {
        self.body.options.replication_factor = Some(factor.into());
        self
    }

    /// Sets the number of copies that must be in sync for writes to the collections that are created.
    #[must_use]
    pub fn write_concern(mut self, copies: u64) -> Self {
        self.body.options.write_concern = Some(copies);
        self
    }

    /// Keeps vertices and their edges on the same servers, by the keys of the vertices.
    #[must_use]
    pub fn smart(mut self) -> Self {
        self.body.is_smart = true;
        self
    }

    /// Keeps vertices and their edges on the same servers, by an attribute of the vertices.
    #[must_use]
    pub fn smart_by(mut self, attribute: impl Into<String>) -> Self {
        self.body.options.smart_graph_attribute = Some(attribute.into());
        self.smart()
    }

    /// Allows no edges between vertices of a smart graph that are on different servers.
    #[must_use]
    pub fn disjoint(mut self) -> Self {
        self.body.is_disjoint = true;
        self
    }

    /// Keeps a copy of these collections of a smart graph on each DB-Server.
    #[must_use]
    pub fn satellites<C: Into<String>>(mut self, collections: impl IntoIterator<Item = C>) -> Self {
        self.body.options.satellites = collections.into_iter().map(Into::into).collect();
        self
    }

    /// Waits until the graph is on disk.
    #[must_use]
    pub fn wait_for_sync(mut self) -> Self {
        self.waits_for_sync = true;
        self
    }

    /// Creates the graph, or compares the existing one.
    #[must_use]
    pub fn ensure(self) -> EnsureGraph {
        EnsureGraph::new(self)
    }

    #[inline]
    pub(super) fn builder(&self, metadata: Metadata) -> RequestBuilder {
        let builder = RequestBuilder::new(metadata);
        let builder = if self.waits_for_sync { builder.query("waitForSync", "true") } else { builder };
        builder.creates(CreatedResource::collections(self.collections())).json(&self.body)
    }

    pub(super) fn read_existing(&self) -> GetGraph {
        GetGraph { name: self.body.name.clone() }
    }
}

impl Operation for CreateGraph {
    type Output = GraphInfo;

    const METADATA: Metadata =
        Metadata::post("graph.create", "/_api/gharial").scope(Scope::Database).permission(Permission::Write);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.builder(Self::METADATA).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<GraphInfo, OutputError> {
        GraphInfo::read(&response)
    }
}

impl Resolve for CreateGraph {
    type Question = GetGraph;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<GetGraph> {
        let is_own_name = failure.number == Some(DUPLICATE_GRAPH) && failure.has_ambiguous_predecessor;
        (failure.is_response_lost() || is_own_name).then(|| self.read_existing())
    }

    #[inline]
    fn conclusion(
        &self,
        _: &Failure,
        answer: Result<Option<GraphInfo>, &ErrorObject>,
    ) -> Conclusion<GraphInfo> {
        match answer {
            Ok(Some(graph)) if self.differences(&graph).is_empty() => Conclusion::Executed(graph),
            Ok(Some(_)) => Conclusion::Superseded,
            Ok(None) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::info::tests::LIBRARY;
    use super::*;
    use crate::testing::{assert_request_with_body, read};
    use arango_protocol::{ErrorKind, Outcome};

    pub(in crate::graphs) fn library() -> CreateGraph {
        let wrote = EdgeDefinition::new("wrote", ["authors"], ["books"]);
        CreateGraph::new("library").edges(wrote).orphan("shelves")
    }

    #[test]
    fn only_what_was_set_is_sent() {
        let body = r#"{"name":"g","edgeDefinitions":[],"options":{}}"#;
        assert_request_with_body(&CreateGraph::new("g"), "POST", "/_api/gharial", body);
        let smart = CreateGraph::new("g").smart_by("region").disjoint().satellites(["kinds"]).shards(3);
        let smart = smart.replication_factor(2).write_concern(2).wait_for_sync();
        let body = r#"{"name":"g","edgeDefinitions":[],"isSmart":true,"isDisjoint":true,"options":{"numberOfShards":3,"replicationFactor":2,"writeConcern":2,"smartGraphAttribute":"region","satellites":["kinds"]}}"#;
        assert_request_with_body(&smart, "POST", "/_api/gharial?waitForSync=true", body);
    }

    #[test]
    fn a_lost_creation_is_recognized_by_the_definitions() {
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        let question = library().question(&lost).unwrap();
        let existing = || read(&question, LIBRARY);
        assert!(matches!(library().conclusion(&lost, Ok(existing())), Conclusion::Executed(_)));
        assert_eq!(library().shards(9).conclusion(&lost, Ok(existing())), Conclusion::Superseded);
        assert_eq!(library().conclusion(&lost, Ok(None)), Conclusion::NotSeen);
        let number = Some(DUPLICATE_GRAPH);
        let used = Failure::new(ErrorKind::Conflict, Outcome::Executed, number);
        assert!(
            library().question(&used).is_none()
                && library().question(&used.after_ambiguous_attempt()).is_some()
        );
    }
}
