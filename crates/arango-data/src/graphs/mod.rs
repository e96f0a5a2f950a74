//! Named graphs: creating, listing, changing and dropping them, and removing vertices with their edges.

mod changes;
mod create;
mod definition;
mod differences;
mod drop;
mod edge_definitions;
mod ensure;
mod info;
mod orphans;
mod remove_vertex;

pub use changes::GraphChange;
pub use create::CreateGraph;
pub use definition::EdgeDefinition;
pub use drop::DropGraph;
pub use edge_definitions::{AddEdgeDefinition, RemoveEdgeDefinition, ReplaceEdgeDefinition};
pub use ensure::EnsureGraph;
pub use info::{GetGraph, GraphInfo, ListGraphs};
pub use orphans::{AddOrphanCollection, RemoveOrphanCollection};
pub use remove_vertex::RemoveVertex;

use arango_protocol::{Conclusion, ErrorNumber, ErrorObject, Failure};

/// The error number of a graph that does not exist.
const GRAPH_NOT_FOUND: ErrorNumber = ErrorNumber(1924);

/// The error number of a graph whose name is in use.
const DUPLICATE_GRAPH: ErrorNumber = ErrorNumber(1925);

/// Returns what to read to find out about a change of a graph whose response was lost.
fn ask_for_graph(name: &str, failure: &Failure) -> Option<GetGraph> {
    failure.is_response_lost().then(|| GetGraph { name: name.to_owned() })
}

/// Concludes from a graph whether a change of its definition is there.
fn conclude_changed(
    answer: Result<Option<GraphInfo>, &ErrorObject>,
    is_changed: impl FnOnce(&GraphInfo) -> bool,
) -> Conclusion<GraphInfo> {
    match answer {
        Ok(Some(graph)) if is_changed(&graph) => Conclusion::Executed(graph),
        Ok(_) => Conclusion::NotSeen,
        Err(_) => Conclusion::CannotTell,
    }
}
