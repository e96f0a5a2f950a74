//! Comparing a graph with what it should be.

use arango_protocol::ReplicationFactor;
use serde_json::{Value, json};

use super::create::CreateGraph;
use super::definition::EdgeDefinition;
use super::info::GraphInfo;
use crate::property_difference::{PropertyDifference, difference_if_set};

impl CreateGraph {
    /// Returns how an existing graph differs from what was set.
    ///
    /// The definitions and the orphans are compared as a whole: a further one is a difference. Of the options only those that
    /// were set are compared.
    #[inline]
    pub fn differences(&self, existing: &GraphInfo) -> Vec<PropertyDifference> {
        let mut found = Vec::new();
        let wanted = &self.body.edge_definitions;
        for definition in wanted {
            let other = existing.edges_of(&definition.collection);
            if !other.is_some_and(|other| definition.is_equivalent(other)) {
                found.push(of_edges(&definition.collection, Some(definition), other));
            }
        }
        for other in &existing.edge_definitions {
            if !wanted.iter().any(|definition| definition.collection == other.collection) {
                found.push(of_edges(&other.collection, None, Some(other)));
            }
        }
        found.extend(self.missing_orphans(existing));
        for orphan in &existing.orphan_collections {
            if !self.body.orphan_collections.contains(orphan) {
                found.push(of_orphan(orphan, false));
            }
        }
        self.compare_options(existing, &mut found);
        found
    }

    /// Returns what an existing graph lacks of what was set, and the options that are other ones.
    ///
    /// As [`differences`](Self::differences), but without what the graph has beyond that.
    #[inline]
    pub fn missing(&self, existing: &GraphInfo) -> Vec<PropertyDifference> {
        let mut found = Vec::new();
        for definition in &self.body.edge_definitions {
            let other = existing.edges_of(&definition.collection);
            let expected = other.map_or_else(|| definition.clone(), |other| definition.with_ends_of(other));
            if !other.is_some_and(|other| expected.is_equivalent(other)) {
                found.push(of_edges(&definition.collection, Some(&expected), other));
            }
        }
        found.extend(self.missing_orphans(existing));
        self.compare_options(existing, &mut found);
        found
    }

    fn missing_orphans(&self, existing: &GraphInfo) -> impl Iterator<Item = PropertyDifference> {
        let orphans = self.body.orphan_collections.iter();
        orphans.filter(|orphan| !existing.has_vertices(orphan)).map(|orphan| of_orphan(orphan, true))
    }

    /// Compares the options. They never change.
    #[inline]
    fn compare_options(&self, existing: &GraphInfo, found: &mut Vec<PropertyDifference>) {
        let options = &self.body.options;
        found.extend(difference_if_set("isSmart", Some(&self.body.is_smart), Some(&existing.is_smart)));
        found.extend(difference_if_set(
            "isDisjoint",
            Some(&self.body.is_disjoint),
            Some(&existing.is_disjoint),
        ));
        let attribute = options.smart_graph_attribute.as_ref();
        found.extend(difference_if_set(
            "smartGraphAttribute",
            attribute,
            existing.smart_graph_attribute.as_ref(),
        ));
        let factor = options.replication_factor.as_ref();
        found.extend(difference_if_set("replicationFactor", factor, existing.replication_factor.as_ref()));
        // The server alone decides about these for a satellite graph.
        if factor != Some(&ReplicationFactor::Satellite) {
            let shards = options.number_of_shards.as_ref();
            found.extend(difference_if_set("numberOfShards", shards, existing.number_of_shards.as_ref()));
            found.extend(difference_if_set(
                "writeConcern",
                options.write_concern.as_ref(),
                existing.write_concern.as_ref(),
            ));
        }
    }
}

/// Returns that a collection of edges should have another definition.
#[inline]
fn of_edges(
    collection: &str,
    expected: Option<&EdgeDefinition>,
    actual: Option<&EdgeDefinition>,
) -> PropertyDifference {
    let ends = |definition: Option<&EdgeDefinition>| {
        definition.map_or(Value::Null, |definition| json!({ "from": definition.from, "to": definition.to }))
    };
    let property = format!("edgeDefinitions.{collection}");
    PropertyDifference::fixed(property, ends(expected), ends(actual)).changeable(true)
}

/// Returns that a collection should be an orphan, or should not.
fn of_orphan(collection: &str, is_expected: bool) -> PropertyDifference {
    let is_there = |is_there: bool| if is_there { Value::Bool(true) } else { Value::Null };
    let property = format!("orphanCollections.{collection}");
    PropertyDifference::fixed(property, is_there(is_expected), is_there(!is_expected)).changeable(true)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::create::tests::library;
    use super::super::info::tests::LIBRARY;
    use super::super::info::{GetGraph, GraphInfo};
    use super::*;
    use crate::testing::read;

    pub(in crate::graphs) fn existing() -> GraphInfo {
        read(&GetGraph { name: "library".to_owned() }, LIBRARY).unwrap()
    }

    fn properties(differences: &[PropertyDifference]) -> Vec<String> {
        differences.iter().map(|difference| difference.property.to_string()).collect()
    }

    #[test]
    fn definitions_and_orphans_are_compared_as_a_whole_and_options_if_they_were_set() {
        let read = EdgeDefinition::new("read", ["people"], ["books"]);
        for (create, expected) in [
            (library(), &[][..]),
            (library().shards(3).replication_factor(2).write_concern(1), &[]),
            (library().shards(4), &["numberOfShards"]),
            (library().replication_factor(3), &["replicationFactor"]),
            (library().edges(read), &["edgeDefinitions.read"]),
            (library().orphan("rooms"), &["orphanCollections.rooms"]),
            (library().smart(), &["isSmart"]),
            (CreateGraph::new("library").orphan("shelves"), &["edgeDefinitions.wrote"]),
            (CreateGraph::new("library"), &["edgeDefinitions.wrote", "orphanCollections.shelves"]),
        ] {
            assert_eq!(properties(&create.differences(&existing())), expected, "{create:?}");
        }
        let other = CreateGraph::new("library").edges(EdgeDefinition::new("wrote", ["authors"], ["films"]));
        let found = other.orphan("shelves").differences(&existing());
        let text = r#"edgeDefinitions.wrote is {"from":["authors"],"to":["books"]}, expected {"from":["authors"],"to":["films"]}"#;
        assert_eq!(found[0].to_string(), text);
        assert!(found[0].is_changeable() && !library().smart().differences(&existing())[0].is_changeable());
    }

    #[test]
    fn what_a_graph_has_beyond_what_was_set_is_not_missing() {
        assert!(CreateGraph::new("library").missing(&existing()).is_empty());
        assert!(
            CreateGraph::new("library").orphan("books").missing(&existing()).is_empty(),
            "it has such vertices"
        );
        let films = EdgeDefinition::new("wrote", ["authors"], ["films"]);
        let read = EdgeDefinition::new("read", ["people"], ["books"]);
        let wanted = CreateGraph::new("library").edges(films).edges(read.clone()).orphan("rooms").shards(9);
        let missing = wanted.missing(&existing());
        let expected =
            ["edgeDefinitions.wrote", "edgeDefinitions.read", "orphanCollections.rooms", "numberOfShards"];
        assert_eq!(properties(&missing), expected);
        assert_eq!(missing[0].expected, json!({ "from": ["authors"], "to": ["books", "films"] }));
    }
}
