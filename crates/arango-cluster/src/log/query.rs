//! Selection of log entries.

use arango_protocol::{BuildError, RequestBuilder};

use crate::log::LogLevel;

/// The order of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LogOrder {
    /// Oldest first.
    #[default]
    OldestFirst,
    /// Newest first.
    NewestFirst,
}

/// Selects log entries.
///
/// Default: all that the server has kept, down to [`LogLevel::Info`].
///
/// ```
/// use arango_cluster::{LogLevel, LogQuery};
///
/// let query = LogQuery::new().up_to(LogLevel::Warning).size(100).search("connection");
/// # let _ = query;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    upto: Option<LogLevel>,
    level: Option<LogLevel>,
    start: Option<u64>,
    size: Option<usize>,
    offset: Option<usize>,
    search: Option<String>,
    order: LogOrder,
}

impl LogQuery {
    /// Selects all entries down to [`LogLevel::Info`], oldest first.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the minimum severity. Default: [`LogLevel::Info`].
    #[must_use]
    pub fn up_to(mut self, level: LogLevel) -> Self {
        self.upto = Some(level);
        self
    }

    /// Selects entries of this severity alone.
    ///
    /// Together with [`up_to`](Self::up_to) it is rejected before sending.
    #[must_use]
    pub fn only(mut self, level: LogLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Starts with this [id](crate::LogEntry::id).
    ///
    /// Default: the first entry that the server has kept.
    #[must_use]
    pub fn start(mut self, id: u64) -> Self {
        self.start = Some(id);
        self
    }

    /// Limits the number of entries. Default: all.
    #[must_use]
    pub fn size(mut self, entries: usize) -> Self {
        self.size = Some(entries);
        self
    }

    /// Skips this many entries. Default: none.
    #[must_use]
    pub fn offset(mut self, entries: usize) -> Self {
        self.offset = Some(entries);
        self
    }

    /// Selects entries that contain this text. Default: all.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Sets the order. Default: oldest first.
    #[must_use]
    pub fn order(mut self, order: LogOrder) -> Self {
        self.order = order;
        self
    }

    /// Adds the parameters to a request.
    #[inline]
    pub(super) fn apply(&self, mut builder: RequestBuilder) -> Result<RequestBuilder, BuildError> {
        if self.upto.is_some() && self.level.is_some() {
            return Err(BuildError::Field { field: "only", reason: "cannot be combined with `up_to`" });
        }
        // The server expects levels in lower case.
        let lower_case = |level: &LogLevel| level.as_str().to_ascii_lowercase();
        let pairs = [
            ("upto", self.upto.as_ref().map(lower_case)),
            ("level", self.level.as_ref().map(lower_case)),
            ("start", self.start.map(|id| id.to_string())),
            ("size", self.size.map(|size| size.to_string())),
            ("offset", self.offset.map(|offset| offset.to_string())),
            ("search", self.search.clone()),
            ("sort", (self.order == LogOrder::NewestFirst).then(|| "desc".to_owned())),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                builder = builder.query(name, &value);
            }
        }
        Ok(builder)
    }
}
