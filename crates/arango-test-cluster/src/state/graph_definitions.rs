//! Named graphs as queries see them.

use arango_test_aql::{EdgeDefinition, GraphDefinition};
use serde_json::Value;

use super::databases::Database;

/// Returns the named graphs of a database.
pub(super) fn graph_definitions(database: &Database) -> Vec<GraphDefinition> {
    let definition = |(name, graph): (&String, &Value)| GraphDefinition {
        name: name.clone(),
        edge_definitions: items(&graph["edgeDefinitions"]).map(edge_definition).collect(),
        orphan_collections: names(&graph["orphanCollections"]),
    };
    database.graphs.iter().map(definition).collect()
}

fn edge_definition(definition: &Value) -> EdgeDefinition {
    EdgeDefinition {
        collection: definition["collection"].as_str().unwrap_or_default().to_owned(),
        from: names(&definition["from"]),
        to: names(&definition["to"]),
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn names(list: &Value) -> Vec<String> {
    items(list).filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
