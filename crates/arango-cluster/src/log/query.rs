//! Which entries of a log are wanted.

use arango_protocol::{BuildError, RequestBuilder};

use crate::LogLevel;

/// In which order entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogOrder {
    /// The oldest first.
    #[default]
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

/// Which entries of a log are wanted: by default all down to [`LogLevel::Info`] that the server has kept.
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
    /// Wants everything down to [`LogLevel::Info`], the oldest first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants entries as grave as this or graver. Default: [`LogLevel::Info`].
    #[must_use]
    pub fn up_to(mut self, level: LogLevel) -> Self {
        self.upto = Some(level);
        self
    }

    /// Wants entries of this level alone. Together with [`up_to`](Self::up_to) it is refused before it is sent.
    #[must_use]
    pub fn only(mut self, level: LogLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// Wants entries from this [id](crate::LogEntry::id) on. Default: from the first that is kept.
    #[must_use]
    pub fn start(mut self, id: u64) -> Self {
        self.start = Some(id);
        self
    }

    /// Wants so many at most. Default: all.
    #[must_use]
    pub fn size(mut self, entries: usize) -> Self {
        self.size = Some(entries);
        self
    }

    /// Passes over so many. Default: none.
    #[must_use]
    pub fn offset(mut self, entries: usize) -> Self {
        self.offset = Some(entries);
        self
    }

    /// Wants entries that contain this text. Default: all.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Wants them in this order. Default: the oldest first.
    #[must_use]
    pub fn order(mut self, order: LogOrder) -> Self {
        self.order = order;
        self
    }

    /// Adds what is wanted to a request.
    pub(super) fn of(&self, mut draft: RequestBuilder) -> Result<RequestBuilder, BuildError> {
        if self.upto.is_some() && self.level.is_some() {
            return Err(BuildError::Field {
                field: "log_query",
                reason: "wants one level, and also all down to one",
            });
        }
        // Levels are asked for in small letters.
        let word = |level: &LogLevel| level.as_str().to_ascii_lowercase();
        let pairs = [
            ("upto", self.upto.as_ref().map(word)),
            ("level", self.level.as_ref().map(word)),
            ("start", self.start.map(|id| id.to_string())),
            ("size", self.size.map(|size| size.to_string())),
            ("offset", self.offset.map(|offset| offset.to_string())),
            ("search", self.search.clone()),
            ("sort", (self.order == LogOrder::NewestFirst).then(|| "desc".to_owned())),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                draft = draft.query(name, &value);
            }
        }
        Ok(draft)
    }
}
