//! Which graphs there are.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, ReplicationFactor, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::GRAPH_NOT_FOUND;
use super::definition::EdgeDefinition;
use crate::expected_error::accept_error;

/// A named graph.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GraphInfo {
    /// The name.
    pub name: String,
    /// Which collections its edges connect.
    pub edge_definitions: Vec<EdgeDefinition>,
    /// Collections of vertices that no definition names.
    #[serde(default)]
    pub orphan_collections: Vec<String>,
    /// The number of shards of the collections that the graph creates.
    pub number_of_shards: Option<u64>,
    /// The number of copies of each of their shards.
    pub replication_factor: Option<ReplicationFactor>,
    /// The number of copies that must be in sync for writes.
    pub write_concern: Option<u64>,
    /// Whether vertices and their edges are on the same servers.
    #[serde(default)]
    pub is_smart: bool,
    /// Whether no edges lead to vertices on other servers.
    #[serde(default)]
    pub is_disjoint: bool,
    /// Whether there is a copy of everything on each DB-Server.
    #[serde(default)]
    pub is_satellite: bool,
    /// The attribute that decides on which servers a vertex of a smart graph is.
    pub smart_graph_attribute: Option<String>,
    /// All other properties.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl GraphInfo {
    /// Reads a response that contains a graph.
    #[inline]
    pub(super) fn read(response: &ApiResponse) -> Result<Self, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            graph: GraphInfo,
        }
        Ok(response.json::<Body>()?.graph)
    }

    /// Returns the definition of a collection of edges, if it has one.
    #[inline]
    pub(super) fn edges_of(&self, collection: &str) -> Option<&EdgeDefinition> {
        self.edge_definitions.iter().find(|definition| definition.collection == collection)
    }

    /// Returns whether a collection of vertices belongs to it.
    #[inline]
    pub(super) fn has_vertices(&self, collection: &str) -> bool {
        let names = |names: &[String]| names.iter().any(|name| name == collection);
        let is_end = |definition: &EdgeDefinition| names(&definition.from) || names(&definition.to);
        names(&self.orphan_collections) || self.edge_definitions.iter().any(is_end)
    }
}

/// Lists the graphs of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListGraphs;

impl Operation for ListGraphs {
    type Output = Vec<GraphInfo>;

    const METADATA: Metadata = Metadata::get("graph.list", "/_api/gharial").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<GraphInfo>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            graphs: Vec<GraphInfo>,
        }
        Ok(response.json::<Body>()?.graphs)
    }
}

/// Returns a graph; `None` if there is none with this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetGraph {
    /// The name.
    pub name: String,
}

impl Operation for GetGraph {
    type Output = Option<GraphInfo>;

    const METADATA: Metadata =
        Metadata::get("graph.get", "/_api/gharial/{graph}").scope(Scope::Database).accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("graph", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<GraphInfo>, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, GRAPH_NOT_FOUND).map(|()| None);
        }
        GraphInfo::read(&response).map(Some)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read, response};

    pub(in crate::graphs) const LIBRARY: &str = r#"{"error":false,"code":200,"graph":{"_key":"library","name":"library",
        "_id":"_graphs/library","_rev":"_a","edgeDefinitions":[{"collection":"wrote","from":["authors"],"to":["books"]}],
        "orphanCollections":["shelves"],"numberOfShards":3,"replicationFactor":2,"writeConcern":1,"isSmart":false,
        "isDisjoint":false,"isSatellite":false}}"#;

    pub(in crate::graphs) const MISSING: &str =
        r#"{"error":true,"code":404,"errorNum":1924,"errorMessage":"graph 'library' not found"}"#;

    #[test]
    fn a_graph_is_read_or_is_not_there() {
        let get = GetGraph { name: "library".to_owned() };
        assert_request(&get, "GET", "/_api/gharial/library");
        let graph = read(&get, LIBRARY).unwrap();
        assert_eq!(graph.edge_definitions, [EdgeDefinition::new("wrote", ["authors"], ["books"])]);
        assert_eq!((graph.number_of_shards, graph.replication_factor), (Some(3), Some(2.into())));
        assert_eq!(get.output(response(404, MISSING)).unwrap(), None);
        assert!(get.output(response(404, &MISSING.replace("1924", "1228"))).is_err());
    }

    #[test]
    fn graphs_are_listed_also_those_that_a_client_cannot_create() {
        assert_request(&ListGraphs, "GET", "/_api/gharial");
        let body = r#"{"error":false,"code":200,"graphs":[{"name":"g","edgeDefinitions":[],"isSmart":true,
            "smartGraphAttribute":"region","replicationFactor":"satellite","initial":"x"}]}"#;
        let graphs = read(&ListGraphs, body);
        assert_eq!(graphs[0].replication_factor, Some(ReplicationFactor::Satellite));
        assert_eq!((graphs[0].smart_graph_attribute.as_deref(), graphs[0].is_smart), (Some("region"), true));
    }

    #[test]
    fn a_graph_is_written_under_the_names_of_the_server() {
        let graph = read(&GetGraph { name: "library".to_owned() }, LIBRARY).unwrap();
        let expected = [
            ("/edgeDefinitions/0/collection", "wrote".into()),
            ("/orphanCollections/0", "shelves".into()),
            ("/replicationFactor", 2.into()),
            ("/_rev", "_a".into()),
        ];
        assert_written(&graph, &expected);
    }
}
