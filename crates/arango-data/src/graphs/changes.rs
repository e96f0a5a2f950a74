//! Planning the changes that add to a graph what it lacks.

use super::create::CreateGraph;
use super::edge_definitions::{AddEdgeDefinition, ReplaceEdgeDefinition};
use super::info::GraphInfo;
use super::orphans::AddOrphanCollection;

/// A change that adds to a graph something that it lacks. Nothing is removed from the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphChange {
    /// Adds a collection of edges.
    AddEdgeDefinition(AddEdgeDefinition),
    /// Adds collections in which the edges of a collection begin or end, by a replacement of the definition that was read.
    ///
    /// It drops ends that were added since, and a late copy does: it is computed again before it is sent again.
    ReplaceEdgeDefinition(ReplaceEdgeDefinition),
    /// Adds a collection of vertices that no definition names.
    AddOrphanCollection(AddOrphanCollection),
}

impl CreateGraph {
    /// Returns the change that adds the first definition or orphan that an existing graph lacks; `None` if it lacks none.
    #[inline]
    pub fn next_change(&self, existing: &GraphInfo) -> Option<GraphChange> {
        let graph = self.name();
        for definition in &self.body.edge_definitions {
            let Some(other) = existing.edges_of(&definition.collection) else {
                return Some(GraphChange::AddEdgeDefinition(AddEdgeDefinition::new(
                    graph,
                    definition.clone(),
                )));
            };
            let united = definition.with_ends_of(other);
            if !united.is_equivalent(other) {
                return Some(GraphChange::ReplaceEdgeDefinition(ReplaceEdgeDefinition::new(graph, united)));
            }
        }
        let mut orphans = self.body.orphan_collections.iter();
        let orphan = orphans.find(|orphan| !existing.has_vertices(orphan))?;
        Some(GraphChange::AddOrphanCollection(AddOrphanCollection::new(graph, orphan)))
    }
}

#[cfg(test)]
mod tests {
    use arango_protocol::Operation;

    use super::super::definition::EdgeDefinition;
    use super::super::differences::tests::existing;
    use super::*;

    #[test]
    fn each_change_adds_the_first_thing_that_a_graph_lacks_and_options_never_change() {
        let films = EdgeDefinition::new("wrote", ["authors"], ["films"]);
        let read = EdgeDefinition::new("read", ["people"], ["books"]);
        let wanted = CreateGraph::new("library").edges(films).edges(read.clone()).orphan("rooms").shards(9);
        let mut graph = existing();
        let Some(GraphChange::ReplaceEdgeDefinition(replace)) = wanted.next_change(&graph) else {
            panic!("ends first")
        };
        let body = r#"{"collection":"wrote","from":["authors"],"to":["books","films"]}"#;
        assert_eq!(replace.request().unwrap().body(), body);
        graph.edge_definitions[0].to.push("films".to_owned());
        assert!(matches!(wanted.next_change(&graph), Some(GraphChange::AddEdgeDefinition(_))));
        graph.edge_definitions.push(read);
        assert!(matches!(wanted.next_change(&graph), Some(GraphChange::AddOrphanCollection(_))));
        graph.orphan_collections.push("rooms".to_owned());
        assert_eq!(wanted.next_change(&graph), None, "options never change");
        let missing = wanted.missing(&graph);
        assert!(missing.len() == 1 && missing[0].property == "numberOfShards");
    }
}
