//! Which queries are logged, and what of them.

use std::time::Duration;

/// Which queries are logged, and what of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct QueryLog {
    /// A response that takes longer is logged.
    pub(crate) slow: Option<Duration>,
    /// Whether spans and events contain the text of the query.
    pub(crate) includes_text: bool,
}
