//! `OPTIONS` of traversals.

use crate::error::{QueryError, number};
use crate::value::Value;

/// The options of a traversal.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) is_breadth_first: bool,
    pub(super) vertices: Uniqueness,
    pub(super) edges: EdgeUniqueness,
    /// Collections in which vertices must be; empty for all.
    pub(super) vertex_collections: Vec<String>,
    /// Collections in which edges must be; empty for all.
    pub(super) edge_collections: Vec<String>,
}

/// Whether a vertex may be visited again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Uniqueness {
    #[default]
    None,
    /// Not on the same path.
    Path,
    /// Not in the same traversal.
    Global,
}

/// Whether an edge may be followed again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum EdgeUniqueness {
    None,
    /// Not on the same path.
    #[default]
    Path,
}

impl Options {
    /// Reads the options from an object.
    ///
    /// # Errors
    /// If they contradict each other (10), or there is one that this crate does not have (9).
    pub(super) fn read(options: &Value) -> Result<Self, QueryError> {
        let mut read = Self::default();
        let Some(options) = options.as_object() else { return Ok(read) };
        for (name, value) in options.iter() {
            match &**name {
                "bfs" => read.is_breadth_first = value.is_true(),
                // `bfs` counts, wherever it stands.
                "order" if options.contains("bfs") => {}
                "order" => read.is_breadth_first = is_breadth_first(value)?,
                "uniqueVertices" => {
                    read.vertices = match choice(value).as_deref() {
                        Some("none") => Uniqueness::None,
                        Some("path") => Uniqueness::Path,
                        Some("global") => Uniqueness::Global,
                        _ => return Err(refused(name)),
                    }
                }
                "uniqueEdges" => {
                    read.edges = match choice(value).as_deref() {
                        Some("none") => EdgeUniqueness::None,
                        Some("path") => EdgeUniqueness::Path,
                        Some("global") => {
                            return Err(invalid(
                                "uniqueEdges: 'global' is not supported, due to otherwise unpredictable results. \
                                 Use 'path' or 'none' instead",
                            ));
                        }
                        _ => return Err(refused(name)),
                    }
                }
                "vertexCollections" => read.vertex_collections = collections(value)?,
                "edgeCollections" => read.edge_collections = collections(value)?,
                // They change how a server works, not what comes of it. Weights count only with `order: "weighted"`.
                "parallelism" | "maxProjections" | "indexHint" | "useCache" | "weightAttribute"
                | "defaultWeight" => {}
                _ => return Err(refused(name)),
            }
        }
        if read.vertices == Uniqueness::Global && !read.is_breadth_first {
            return Err(invalid(
                "uniqueVertices: 'global' is only supported, with mode: bfs|weighted due to otherwise \
                 unpredictable results.",
            ));
        }
        Ok(read)
    }
}

fn is_breadth_first(order: &Value) -> Result<bool, QueryError> {
    match choice(order).as_deref() {
        Some("bfs") => Ok(true),
        Some("dfs") => Ok(false),
        Some("weighted") => Err(QueryError::not_implemented("traversal with order: \"weighted\"")),
        _ => Err(invalid("order: unknown order")),
    }
}

/// Returns a text whose case does not count.
fn choice(value: &Value) -> Option<String> {
    value.as_str().map(str::to_ascii_lowercase)
}

fn collections(value: &Value) -> Result<Vec<String>, QueryError> {
    let names = match value {
        Value::String(name) => Some(vec![name.to_string()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    names.ok_or_else(|| {
        invalid("collection restrictions option must be either a string or an array of collection names")
    })
}

fn invalid(message: &str) -> QueryError {
    QueryError::new(number::BAD_PARAMETER, message)
}

fn refused(name: &str) -> QueryError {
    QueryError::not_implemented(format_args!("option {name} of a traversal with this value"))
}
