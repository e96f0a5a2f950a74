//! Texts and parameters of traversals.

use arango_protocol::Operation as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::queries::CreateCursor;

fn graph() -> Traversal {
    Traversal::of_graph("library", "authors/herbert")
}

/// Returns the parameters that are sent with a query.
fn binds(query: &Aql) -> Value {
    let request = CreateCursor::<Value>::new(query).request().unwrap();
    serde_json::from_slice::<Value>(request.body()).unwrap()["bindVars"].clone()
}

fn fault(query: &Aql) -> String {
    CreateCursor::<Value>::new(query).request().unwrap_err().to_string()
}

#[test]
fn a_named_graph_is_traversed_with_every_value_bound() {
    let query = graph().inbound(0..=2).vertices();
    assert_eq!(query.text(), "FOR v, e, p IN @min..@max INBOUND @start GRAPH @graph\nRETURN v");
    let expected = json!({ "min": 0, "max": 2, "start": "authors/herbert", "graph": "library" });
    assert_eq!(binds(&query), expected);
}

#[test]
fn edge_collections_are_bound_one_by_one_and_vertices_declared() {
    let traversal = Traversal::of_edges(["wrote", "cites"], "authors/herbert").declare(["authors", "books"]);
    let query = traversal.any(1..=3).paths();
    assert_eq!(
        query.text(),
        "WITH @@vertices_1, @@vertices_2\n\
         FOR v, e, p IN @min..@max ANY @start @@edges_1, @@edges_2\n\
         RETURN { vertices: p.vertices, edges: p.edges }"
    );
    let bound = binds(&query);
    assert_eq!((&bound["@edges_2"], &bound["@vertices_1"]), (&json!("cites"), &json!("authors")));
}

#[test]
fn conditions_and_options_stand_where_the_grammar_wants_them() {
    let query = graph()
        .and("SORT v.year")
        .filter(Aql::new("v.year > @start").bind("start", 1960))
        .prune(Aql::new("e.stop == @start").bind("start", true))
        .unique_vertices(UniqueVertices::Global)
        .repeat_edges()
        .and("LIMIT 10")
        .vertices();
    assert_eq!(
        query.text(),
        "FOR v, e, p IN @min..@max OUTBOUND @start GRAPH @graph\n\
         PRUNE e.stop == @start_2\n\
         OPTIONS { order: 'bfs', uniqueVertices: 'global', uniqueEdges: 'none' }\n\
         SORT v.year\nFILTER v.year > @start_3\nLIMIT 10\nRETURN v"
    );
    let bound = binds(&query);
    let starts = ["start", "start_2", "start_3"].map(|name| bound[name].clone());
    assert_eq!(starts, [json!("authors/herbert"), json!(true), json!(1960)]);
    let query = graph().unique_vertices(UniqueVertices::PerPath).vertices();
    assert!(query.text().contains("\nOPTIONS { uniqueVertices: 'path' }\n"), "{}", query.text());
    let query = graph().breadth_first().vertices();
    assert!(query.text().contains("\nOPTIONS { order: 'bfs' }\n"), "{}", query.text());
}

#[test]
fn the_start_has_no_edge() {
    assert!(graph().outbound(0..=1).edges().text().ends_with("\nFILTER e != null\nRETURN e"));
    assert!(!graph().outbound(1..=1).edges().text().contains("FILTER"));
}

#[test]
fn a_traversal_only_reads_unless_a_clause_writes() {
    assert!(graph().filter("v.removed == null").vertices().is_read_only());
    assert!(!graph().and("REMOVE e IN wrote").vertices().is_read_only());
}

#[test]
fn what_is_wrong_is_reported_when_the_request_is_built() {
    let start = Traversal::of_graph("library", "herbert").vertices();
    assert_eq!(fault(&start), "the query is invalid: the document id \"herbert\" has no slash");
    let collection = Traversal::of_edges(["a/b"], "authors/herbert").vertices();
    assert!(fault(&collection).starts_with("the query is invalid: the bind parameter `@edges_1`: "));
    let none = Traversal::of_edges(Vec::<&str>::new(), "authors/herbert").vertices();
    assert_eq!(fault(&none), "the query is invalid: the traversal has no edge collection");
    #[expect(clippy::reversed_empty_ranges, reason = "this is the fault")]
    let depths = graph().outbound(3..=1).vertices();
    assert_eq!(
        fault(&depths),
        "the query is invalid: the greatest depth of the traversal is less than the least"
    );
}

proptest! {
    #[test]
    fn no_value_is_in_the_text(graph in ".*", key in "[a-z:@'.]{1,9}", min in 0u32..9, more in 0u32..9) {
        let start = format!("c/{key}");
        let query = Traversal::of_graph(&graph, &start).outbound(min..=min + more).paths();
        let other = Traversal::of_graph("g", "c/k").outbound(min.min(1)..=9).paths();
        prop_assert_eq!(query.text(), other.text());
        let bound = binds(&query);
        prop_assert_eq!((bound["graph"].as_str(), bound["start"].as_str()), (Some(&*graph), Some(&*start)));
    }
}
