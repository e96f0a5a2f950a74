//! What the traversals of a query follow, resolved before it runs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::edge_index::{Edge, EdgeIndex};
use super::options::{Options, Uniqueness};
use super::start;
use crate::check::Facts;
use crate::error::{QueryError, number};
use crate::execute::{Row, Run};
use crate::store::{CollectionKind, GraphDefinition, Store};
use crate::syntax::tree::{EdgeDirection, ExpressionKind, Traversal, TraversedEdges};
use crate::value::Value;

/// In which collections a traversal may find vertices.
///
/// The vertices of named graphs are always known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VertexCollections {
    /// In any, as in a single server.
    #[default]
    Any,
    /// In those that the query names, for example after `WITH`, as in a cluster. Others are error 1521.
    Declared,
    /// Also in those that a named graph connects by an edge collection of the query, as in a cluster since 3.12.6.
    DeclaredOrDefined,
}

/// What the traversals of a query follow.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    /// By the number of the traversal.
    plans: Vec<Arc<Plan>>,
    /// Collections in which vertices may be; `None` for any.
    known: Option<HashSet<String>>,
    /// Documents of the collections that the query writes to, from before it began, by identifier.
    written: HashMap<String, HashMap<Arc<str>, Value>>,
}

/// What one traversal does.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) options: Options,
    edges: Vec<(Arc<EdgeIndex>, EdgeDirection)>,
}

/// An edge that a traversal follows, and the identifier of the vertex to which it leads.
pub(super) type Neighbour = (Arc<Edge>, Arc<str>);

impl Graphs {
    /// Reads the edges, depths and options of all traversals.
    ///
    /// # Errors
    /// If a graph does not exist (1924) or is empty (1940), or a collection has no edges (1218), or depths or
    /// constant starts (1501) or options (10) are not valid.
    pub(crate) fn resolve(
        run: &mut Run<'_>,
        facts: &Facts,
        allowed: VertexCollections,
    ) -> Result<Self, QueryError> {
        let mut graphs = Self::default();
        if facts.traversals.is_empty() {
            return Ok(graphs);
        }
        let mut resolver = Resolver {
            defined: run.store.graphs(),
            indexes: BTreeMap::new(),
            known: run.binding.collections.iter().map(ToString::to_string).collect(),
        };
        for traversal in &facts.traversals {
            let plan = resolver.plan(run, traversal).map_err(|error| error.at(traversal.position))?;
            // A server filters paths before it marks their vertices as visited, or after that.
            if plan.options.vertices == Uniqueness::Global && facts.filtered_paths.contains(&traversal.index)
            {
                let construct = "FILTER on the path of a traversal with uniqueVertices: \"global\"";
                return Err(QueryError::not_implemented(construct).at(traversal.position));
            }
            graphs.plans.push(Arc::new(plan));
        }
        if allowed == VertexCollections::DeclaredOrDefined {
            resolver.add_defined();
        }
        graphs.known = (allowed != VertexCollections::Any).then_some(resolver.known);
        for (collection, name) in facts.collections.iter().zip(&run.binding.collections) {
            if collection.is_written {
                let documents =
                    run.store.scan(name)?.filter_map(|document| match document.attribute("_id") {
                        Value::String(id) => Some((id, document)),
                        _ => None,
                    });
                graphs.written.insert(name.to_string(), documents.collect());
            }
        }
        Ok(graphs)
    }

    pub(super) fn plan(&self, traversal: usize) -> Arc<Plan> {
        self.plans[traversal].clone()
    }

    /// Returns a vertex as it was when the query began.
    ///
    /// # Errors
    /// If the query does not declare its collection (1521), or there is none (1203), or it cannot be read.
    pub(super) fn vertex(&self, store: &dyn Store, id: &str) -> Result<Option<Value>, QueryError> {
        let (collection, key) = id.split_once('/').unwrap_or((id, ""));
        if self.known.as_ref().is_some_and(|known| !known.contains(collection)) {
            let message = format!(
                "collection not known to traversal: '{collection}'. please add 'WITH {collection}' as the first line \
                 in your AQL"
            );
            return Err(QueryError::new(number::COLLECTION_LOCK_FAILED, message));
        }
        match self.written.get(collection) {
            Some(documents) => Ok(documents.get(id).cloned()),
            None => store.get(collection, key),
        }
    }
}

impl Plan {
    /// Returns the edges at a vertex that the traversal follows, and where each leads.
    pub(super) fn neighbours(&self, vertex: &str) -> Result<Vec<Neighbour>, QueryError> {
        let mut neighbours = Vec::new();
        for (index, direction) in &self.edges {
            if *direction != EdgeDirection::Inbound {
                let edges = index.outbound(vertex).iter();
                neighbours.extend(edges.map(|edge| (edge.clone(), edge.to.clone())));
            }
            if *direction != EdgeDirection::Outbound {
                let edges = index.inbound(vertex).iter();
                neighbours.extend(edges.map(|edge| (edge.clone(), edge.from.clone())));
            }
            // It is not documented how often a server yields them.
            if *direction == EdgeDirection::Any
                && index.outbound(vertex).iter().any(|edge| edge.from == edge.to)
            {
                return Err(QueryError::not_implemented("ANY at an edge from a vertex to itself"));
            }
        }
        let restriction = &self.options.vertex_collections;
        if !restriction.is_empty() {
            neighbours.retain(|(_, id)| {
                let collection = id.split_once('/').map_or(&**id, |(collection, _)| collection);
                restriction.iter().any(|allowed| allowed == collection)
            });
        }
        Ok(neighbours)
    }
}

struct Resolver {
    defined: Vec<GraphDefinition>,
    /// Edges by the name of their collection.
    indexes: BTreeMap<String, Arc<EdgeIndex>>,
    known: HashSet<String>,
}

impl Resolver {
    fn plan(&mut self, run: &mut Run<'_>, traversal: &Traversal) -> Result<Plan, QueryError> {
        let (min, max) = depths(run, traversal)?;
        let options = match &traversal.options {
            Some(options) => Options::read(&run.evaluate(options, &mut Row::new(0))?)?,
            None => Options::default(),
        };
        let collections = match &traversal.edges {
            TraversedEdges::Graph(name, direction) => {
                let name = run.evaluate(name, &mut Row::new(0))?;
                self.edges_of_graph(&name, *direction)?
            }
            TraversedEdges::Collections(named) => {
                let named = named.iter().map(|(target, direction)| {
                    (run.binding.collections[target.collection].to_string(), *direction)
                });
                distinct(named)?
            }
        };
        let mut edges = Vec::with_capacity(collections.len());
        let restriction = &options.edge_collections;
        if let Some(other) =
            restriction.iter().find(|name| !collections.iter().any(|(known, _)| known == *name))
        {
            return Err(QueryError::not_implemented(format_args!(
                "option edgeCollections with {other}, which the traversal does not follow"
            )));
        }
        for (name, direction) in &collections {
            let index = self.index(run.store, name)?;
            if restriction.is_empty() || restriction.contains(name) {
                edges.push((index, *direction));
            }
        }
        start::check_constant(run, &traversal.start)?;
        Ok(Plan { min, max, options, edges })
    }

    fn edges_of_graph(
        &mut self,
        name: &Value,
        direction: EdgeDirection,
    ) -> Result<Vec<(String, EdgeDirection)>, QueryError> {
        let Some(name) = name.as_str() else {
            return Err(QueryError::new(number::BIND_PARAMETER_TYPE, "the name of a graph must be a string"));
        };
        let Some(graph) = self.defined.iter().find(|graph| graph.name == name) else {
            return Err(QueryError::new(number::GRAPH_NOT_FOUND, format!("graph '{name}' not found")));
        };
        if graph.edge_definitions.is_empty() {
            return Err(QueryError::new(number::GRAPH_EMPTY, "empty graph"));
        }
        let mut edges = Vec::new();
        self.known.extend(graph.orphan_collections.iter().cloned());
        for definition in &graph.edge_definitions {
            self.known.insert(definition.collection.clone());
            self.known.extend(definition.from.iter().chain(&definition.to).cloned());
            edges.push((definition.collection.clone(), direction));
        }
        Ok(edges)
    }

    /// Adds the collections that named graphs connect by the edge collections of the query.
    fn add_defined(&mut self) {
        let definitions = self.defined.iter().flat_map(|graph| &graph.edge_definitions);
        for definition in definitions.filter(|definition| self.indexes.contains_key(&definition.collection)) {
            self.known.extend(definition.from.iter().chain(&definition.to).cloned());
        }
    }

    fn index(&mut self, store: &dyn Store, collection: &str) -> Result<Arc<EdgeIndex>, QueryError> {
        if let Some(index) = self.indexes.get(collection) {
            return Ok(index.clone());
        }
        match store.kind(collection) {
            Some(CollectionKind::Edge) => {}
            Some(CollectionKind::Document) => {
                return Err(QueryError::new(
                    number::COLLECTION_TYPE_INVALID,
                    format!(
                        "collection type invalid for collection '{collection}': expecting collection type 'edge'"
                    ),
                ));
            }
            None => {
                let message = format!("collection or view not found: {collection}");
                return Err(QueryError::new(number::COLLECTION_NOT_FOUND, message));
            }
        }
        let index = Arc::new(EdgeIndex::read(store, collection)?);
        self.indexes.insert(collection.to_owned(), index.clone());
        Ok(index)
    }
}

/// Returns the depths between which paths are results.
fn depths(run: &mut Run<'_>, traversal: &Traversal) -> Result<(u64, u64), QueryError> {
    let Some(depths) = &traversal.depths else { return Ok((1, 1)) };
    let (min, max) = if let ExpressionKind::Range(ends) = &depths.kind {
        (run.evaluate(&ends.0, &mut Row::new(0))?, run.evaluate(&ends.1, &mut Row::new(0))?)
    } else {
        let depth = run.evaluate(depths, &mut Row::new(0))?;
        (depth.clone(), depth)
    };
    match (depth(&min), depth(&max)) {
        (Some(min), Some(max)) if min <= max => Ok((min, max)),
        _ => Err(QueryError::new(number::PARSE, "invalid traversal depth")),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a small whole number"
)]
fn depth(value: &Value) -> Option<u64> {
    match value {
        Value::Int(depth) => u64::try_from(*depth).ok(),
        Value::Double(depth) if depth.fract() == 0.0 && (0.0..1e15).contains(depth) => Some(*depth as u64),
        _ => None,
    }
}

/// Takes each collection once.
fn distinct(
    named: impl Iterator<Item = (String, EdgeDirection)>,
) -> Result<Vec<(String, EdgeDirection)>, QueryError> {
    let mut distinct: Vec<(String, EdgeDirection)> = Vec::new();
    for (name, direction) in named {
        match distinct.iter().find(|(known, _)| *known == name) {
            None => distinct.push((name, direction)),
            Some((_, known)) if *known == direction => {}
            Some(_) => {
                let message = format!("conflicting directions specified for collection '{name}'");
                return Err(QueryError::new(number::COLLECTION_TYPE_INVALID, message));
            }
        }
    }
    Ok(distinct)
}
