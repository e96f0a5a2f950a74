//! The time limit of a call that sends several requests, one after the other.

use std::sync::Arc;
use std::time::Duration;

use arango_transport::Call;
#[cfg(feature = "data")]
use arango_transport::protocol::Operation;
use arango_transport::protocol::{Metadata, RequestProperties};
use tokio::time::Instant;

use crate::handles::database::Database;

/// The time limit of a call that sends several requests, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimit {
    began: Instant,
    /// The time of the requests before, if the handle is used for the rest of a call.
    earlier: Duration,
    /// From `began`.
    total: Duration,
}

impl TimeLimit {
    /// Starts a call with the limit that an operation has through this handle.
    #[cfg(feature = "data")]
    pub(crate) fn start<O: Operation>(database: &Database, operation: &O) -> Self {
        Self::of(database, &O::METADATA, operation.properties())
    }

    /// Starts a call with the limit that a request with these properties has through this handle.
    pub(crate) fn of(database: &Database, metadata: &Metadata, properties: RequestProperties) -> Self {
        let mut call = Call::new(metadata, properties);
        if let Some(options) = &database.options {
            call = call.options(Arc::clone(options));
        }
        let earlier = database.options.as_ref().map_or(Duration::ZERO, |options| options.earlier_time());
        Self { began: Instant::now(), earlier, total: database.transport.time_limit(&call) }
    }

    /// Returns the time of the call so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.earlier + self.began.elapsed()
    }

    /// Returns what is left.
    pub(crate) fn left(&self) -> Duration {
        self.total.saturating_sub(self.began.elapsed())
    }

    /// Returns a handle whose next request ends with the call.
    pub(crate) fn apply(&self, database: &Database) -> Database {
        database.clone().within(self.elapsed(), self.left())
    }
}
