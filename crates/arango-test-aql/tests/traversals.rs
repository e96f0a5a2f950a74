//! Traversals of generated graphs, compared with all sequences of edges that are a path by the documentation.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use arango_test_aql::{CollectionKind, Options, Query, Store, Value, WriteOptions};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use self::store::MemoryStore;

const VERTICES: usize = 4;

/// Vertices at the two ends of an edge.
type Edge = (usize, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Outbound,
    Inbound,
    Any,
}

/// A graph with two collections of edges, each with its direction.
#[derive(Debug, Clone)]
struct Graph {
    edges: [Vec<Edge>; 2],
    directions: [Direction; 2],
}

/// A path: its vertices and its edges, by name.
type Path = (Vec<String>, Vec<String>);

fn vertex(number: usize) -> String {
    format!("v/{number}")
}

fn edge_name(collection: usize, number: usize) -> String {
    format!("e{collection}/{number}")
}

impl Graph {
    fn store(&self) -> MemoryStore {
        let mut store = MemoryStore::new();
        store.create("v", CollectionKind::Document);
        let mut insert = |collection: &str, kind, documents: Vec<Json>| {
            if kind == CollectionKind::Edge {
                store.create(collection, kind);
            }
            for document in documents {
                let inserted = store.insert(collection, &Value::from(document), &WriteOptions::default());
                inserted.expect("the keys differ");
            }
        };
        let vertices = (0..VERTICES).map(|number| json!({ "_key": number.to_string() }));
        insert("v", CollectionKind::Document, vertices.collect());
        for (collection, edges) in self.edges.iter().enumerate() {
            let documents = edges.iter().enumerate().map(|(number, (from, to))| {
                json!({ "_key": number.to_string(), "_from": vertex(*from), "_to": vertex(*to) })
            });
            insert(&format!("e{collection}"), CollectionKind::Edge, documents.collect());
        }
        store
    }

    /// Returns all steps: an edge, where it is entered, and where it is left.
    fn steps(&self) -> Vec<(String, usize, usize)> {
        let mut steps = Vec::new();
        for (collection, (edges, direction)) in self.edges.iter().zip(self.directions).enumerate() {
            for (number, (from, to)) in edges.iter().enumerate() {
                let name = edge_name(collection, number);
                if direction != Direction::Inbound {
                    steps.push((name.clone(), *from, *to));
                }
                if direction != Direction::Outbound {
                    steps.push((name, *to, *from));
                }
            }
        }
        steps
    }

    /// Returns all paths from vertex 0, by trying every sequence of steps.
    fn paths(&self, min: usize, max: usize, accepts: fn(&Path) -> bool) -> Vec<Path> {
        let steps = self.steps();
        let mut sequences: Vec<Vec<usize>> = vec![Vec::new()];
        let mut paths = Vec::new();
        for length in 0..=max {
            let found = sequences.iter().filter_map(|sequence| path(&steps, sequence)).filter(accepts);
            paths.extend(found.filter(|_| length >= min));
            // What is no path stays none, whatever follows.
            sequences.retain(|sequence| path(&steps, sequence).is_some_and(|path| accepts(&path)));
            sequences = sequences
                .iter()
                .flat_map(|sequence| {
                    (0..steps.len()).map(move |next| [sequence.as_slice(), &[next]].concat())
                })
                .collect();
        }
        paths.sort();
        paths
    }

    /// Runs a traversal from vertex 0 and returns its paths in the order of the results.
    fn traverse(&self, min: usize, max: usize, options: &str) -> Vec<Path> {
        let word = |direction| match direction {
            Direction::Outbound => "OUTBOUND",
            Direction::Inbound => "INBOUND",
            Direction::Any => "ANY",
        };
        let text = format!(
            "FOR v, e, p IN {min}..{max} {} 'v/0' e0, {} e1 OPTIONS {options}
             RETURN [p.vertices[*]._id, p.edges[*]._id, v._id, e._id]",
            word(self.directions[0]),
            word(self.directions[1]),
        );
        let query = Query::parse(&text).expect("the text of a traversal is valid");
        let rows =
            query.bind(&serde_json::Map::new()).and_then(|query| query.run(self.store(), Options::default()));
        let rows = rows.expect("the collections exist");
        rows.map(|row| {
            let row = row.expect("the traversal goes on").to_json();
            let (vertices, edges, last, edge): (Vec<String>, Vec<String>, String, Option<String>) =
                serde_json::from_value(row).expect("vertices, edges, and the last of each");
            assert_eq!(vertices.last(), Some(&last), "the vertex is the last of the path");
            assert_eq!(edges.last(), edge.as_ref(), "the edge is the last of the path");
            (vertices, edges)
        })
        .collect()
    }
}

/// Returns the path that a sequence of steps from vertex 0 is, if each begins where the one before ends.
fn path(steps: &[(String, usize, usize)], sequence: &[usize]) -> Option<Path> {
    let (mut at, mut vertices, mut edges) = (0, vec![vertex(0)], Vec::new());
    for number in sequence {
        let (edge, from, to) = &steps[*number];
        if *from != at {
            return None;
        }
        at = *to;
        vertices.push(vertex(at));
        edges.push(edge.clone());
    }
    Some((vertices, edges))
}

fn are_distinct(names: &[String]) -> bool {
    names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

fn sorted(mut paths: Vec<Path>) -> Vec<Path> {
    paths.sort();
    paths
}

/// Generates graphs. Edges from a vertex to itself are only where no direction is `ANY`, which is refused there.
fn graph() -> impl Strategy<Value = Graph> {
    let direction = prop_oneof![Just(Direction::Outbound), Just(Direction::Inbound), Just(Direction::Any)];
    let edges = || prop::collection::vec((0..VERTICES, 0..VERTICES), 0..4);
    (edges(), edges(), direction.clone(), direction).prop_map(|(first, second, one, other)| {
        let mut graph = Graph { edges: [first, second], directions: [one, other] };
        for (edges, direction) in graph.edges.iter_mut().zip(graph.directions) {
            edges.retain(|(from, to)| from != to || direction != Direction::Any);
        }
        graph
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_sequence_of_distinct_edges_is_a_path(graph in graph(), min in 0usize..3, more in 0usize..3) {
        let expected = graph.paths(min, min + more, |path| are_distinct(&path.1));
        prop_assert_eq!(sorted(graph.traverse(min, min + more, "{}")), expected);
    }

    #[test]
    fn edges_repeat_if_they_may(graph in graph(), min in 0usize..3, more in 0usize..2) {
        let expected = graph.paths(min, min + more, |_| true);
        prop_assert_eq!(sorted(graph.traverse(min, min + more, "{uniqueEdges: 'none'}")), expected);
    }

    #[test]
    fn vertices_do_not_repeat_on_a_path_if_they_must_not(graph in graph(), min in 0usize..3, more in 0usize..4) {
        let expected = graph.paths(min, min + more, |path| are_distinct(&path.0));
        prop_assert_eq!(sorted(graph.traverse(min, min + more, "{uniqueVertices: 'path'}")), expected);
    }

    #[test]
    fn both_orders_yield_the_same_paths(graph in graph(), min in 0usize..3, more in 0usize..3) {
        let depth_first = graph.traverse(min, min + more, "{order: 'dfs'}");
        let breadth_first = graph.traverse(min, min + more, "{order: 'bfs'}");
        let depths: Vec<usize> = breadth_first.iter().map(|(_, edges)| edges.len()).collect();
        prop_assert!(depths.is_sorted(), "paths of depths {:?}", depths);
        for pair in depth_first.windows(2) {
            // The next path continues the one before, or a path that this one continues.
            let (before, after) = (&pair[0].1, &pair[1].1);
            if let Some((_, shared)) = after.split_last() {
                prop_assert!(after.len() == min || before.starts_with(shared), "{:?} after {:?}", after, before);
            }
        }
        prop_assert_eq!(sorted(depth_first), sorted(breadth_first));
    }

    #[test]
    fn each_vertex_is_met_once_and_as_near_as_it_is(graph in graph(), min in 0usize..2, more in 0usize..4) {
        let max = min + more;
        let mut nearest = BTreeMap::new();
        for (vertices, edges) in graph.paths(0, max, |path| are_distinct(&path.0)) {
            let last = vertices.last().expect("a path has vertices").clone();
            let depth = nearest.entry(last).or_insert(edges.len());
            *depth = edges.len().min(*depth);
        }
        nearest.retain(|_, depth| *depth >= min);
        let found = graph.traverse(min, max, "{uniqueVertices: 'global', order: 'bfs'}");
        let count = found.len();
        let found: BTreeMap<String, usize> = found
            .into_iter()
            .map(|(vertices, edges)| (vertices.last().expect("a path has vertices").clone(), edges.len()))
            .collect();
        prop_assert_eq!(found.len(), count);
        prop_assert_eq!(found, nearest);
    }

    #[test]
    fn any_direction_is_both_directions(graph in graph()) {
        let mut graph = graph;
        for edges in &mut graph.edges {
            edges.retain(|(from, to)| from != to);
        }
        let mut paths = |direction| {
            graph.directions = [direction; 2];
            graph.traverse(1, 1, "{}")
        };
        let both = [paths(Direction::Outbound), paths(Direction::Inbound)].concat();
        prop_assert_eq!(sorted(paths(Direction::Any)), sorted(both));
    }
}
