//! How a query runs.

use crate::execute::VertexCollections;

/// How a query runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time of `DATE_NOW`, in milliseconds since 1970. Default: 0.
    pub now_ms: i64,
    /// Seed of `RAND`. Default: 0.
    pub seed: u64,
    /// Whether the first warning ends the query as an error. Default: false.
    pub fail_on_warning: bool,
    /// The most warnings that are kept. Default: 10.
    pub max_warnings: usize,
    /// Whether the rows before the last `LIMIT` are counted. Default: false.
    pub full_count: bool,
    /// Name of the database. Default: `_system`.
    pub database: String,
    /// Name of the user, if the server asks for one. Default: none.
    pub user: Option<String>,
    /// In which collections traversals may find vertices. Default: in any, as in a single server.
    pub vertex_collections: VertexCollections,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            now_ms: 0,
            seed: 0,
            fail_on_warning: false,
            max_warnings: 10,
            full_count: false,
            database: "_system".to_owned(),
            user: None,
            vertex_collections: VertexCollections::Any,
        }
    }
}
