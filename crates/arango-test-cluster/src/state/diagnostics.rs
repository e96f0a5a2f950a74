//! What a process records about itself in memory: its log, requests and queries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;
use tokio::time::Instant;

/// How many records of each kind are kept.
const MAX_RECORDS: usize = 2048;

/// Severity of a log message, most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// The process cannot continue.
    Fatal,
    /// An operation failed.
    Error,
    /// Something unusual happened.
    Warning,
    /// Something happened.
    Info,
    /// Details for finding a fault.
    Debug,
    /// All details.
    Trace,
}

impl LogLevel {
    /// Parses a level in any case, by name or number.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let number = text.parse::<u8>().ok();
        let all = [Self::Fatal, Self::Error, Self::Warning, Self::Info, Self::Debug, Self::Trace];
        let is_it = |level: &Self| number == Some(level.number()) || level.text().eq_ignore_ascii_case(text);
        all.into_iter().find(is_it)
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Fatal => 0,
            Self::Error => 1,
            Self::Warning => 2,
            Self::Info => 3,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

/// One line of a log.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) topic: String,
    pub(crate) level: LogLevel,
    pub(crate) at: Instant,
    pub(crate) text: String,
}

/// A request that was admitted.
#[derive(Debug, Clone)]
pub(crate) struct ApiCall {
    pub(crate) at: Instant,
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) database: String,
}

/// One query.
#[derive(Debug, Clone)]
pub(crate) struct AqlQuery {
    pub(crate) at: Instant,
    pub(crate) text: String,
    pub(crate) bind_vars: Value,
    pub(crate) database: String,
}

/// Crash reports on a server's disk. They survive restarts.
#[derive(Debug, Default)]
pub(crate) struct Crashes(BTreeMap<String, BTreeMap<String, String>>);

impl Crashes {
    pub(crate) fn add(&mut self, id: &str, files: &[(&str, &str)]) {
        let file = |(name, content): &(&str, &str)| ((*name).to_owned(), (*content).to_owned());
        self.0.insert(id.to_owned(), files.iter().map(file).collect());
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// Returns the contents of a crash report's files, by name.
    pub(crate) fn files(&self, id: &str) -> Option<&BTreeMap<String, String>> {
        self.0.get(id)
    }

    /// Removes a crash report. Returns whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }
}

/// The records of one process. A restart begins with empty ones.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    last: u64,
    pub(crate) messages: VecDeque<Message>,
    /// The topics whose level differs from the default.
    pub(crate) levels: BTreeMap<String, LogLevel>,
    /// The parameters of structured logs that are on.
    pub(crate) structured: BTreeSet<String>,
    /// Newest first, like the queries.
    pub(crate) calls: VecDeque<ApiCall>,
    pub(crate) queries: VecDeque<AqlQuery>,
}

impl Diagnostics {
    /// Returns the records of a process that has just started.
    pub(crate) fn begin(at: Instant) -> Self {
        let mut records = Self::default();
        records.log("startup", LogLevel::Info, "server will now start", at);
        records.log("general", LogLevel::Info, "ready for business. Have fun!", at);
        records
    }

    pub(crate) fn log(&mut self, topic: &str, level: LogLevel, text: &str, at: Instant) {
        self.last += 1;
        let (topic, text) = (topic.to_owned(), text.to_owned());
        self.messages.push_back(Message { id: self.last, topic, level, at, text });
        while self.messages.len() > MAX_RECORDS {
            self.messages.pop_front();
        }
    }

    pub(crate) fn record_call(&mut self, call: ApiCall) {
        self.calls.push_front(call);
        self.calls.truncate(MAX_RECORDS);
    }

    pub(crate) fn record_query(&mut self, query: AqlQuery) {
        self.queries.push_front(query);
        self.queries.truncate(MAX_RECORDS);
    }
}
