//! The span of a query, and the warning about a slow one.

use std::sync::Arc;
use std::time::Duration;

use arango_data::Aql;
use arango_transport::Error;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::handles::database::Database;

/// The target of spans and events, for filters of subscribers.
const TARGET: &str = "arango";

/// Observes one query, from its request to the end of its cursor.
///
/// Names of fields follow the OpenTelemetry conventions for databases. Values are never among them.
pub(super) struct QueryTrace {
    span: Span,
    slow: Option<Duration>,
    database: String,
    /// The text, if it may be logged.
    text: Option<String>,
}

impl QueryTrace {
    /// Opens the span of a query; `None` if nothing observes it.
    pub(super) fn begin(database: &Database, query: &Aql) -> Option<Arc<Self>> {
        let log = database.shared.data.query_log;
        let name = database.display_name();
        let text = Some(query.text()).filter(|_| log.includes_text);
        let span = tracing::debug_span!(
            target: TARGET,
            "arango.query",
            otel.kind = "internal",
            db.system.name = "arangodb",
            db.namespace = name,
            db.query.text = text,
            db.response.returned_rows = Empty,
            arango.batches = Empty,
        );
        if span.is_disabled() && log.slow.is_none() {
            return None;
        }
        let text = text.map(str::to_owned);
        Some(Arc::new(Self { span, slow: log.slow, database: name.to_owned(), text }))
    }

    /// Records how many rows were returned, in how many batches.
    pub(super) fn end(&self, rows: u64, batches: u64) {
        self.span.record("db.response.returned_rows", rows);
        self.span.record("arango.batches", batches);
    }

    /// Warns if a response took too long.
    fn responded(&self, batch: u64, elapsed: Duration) {
        if self.slow.is_some_and(|slow| elapsed > slow) {
            tracing::warn!(
                target: TARGET,
                parent: &self.span,
                { db.namespace = self.database, db.query.text = self.text, arango.batch = batch },
                "slow query: the response took {elapsed:.1?}",
            );
        }
    }
}

/// Sends a request and waits for the response with a batch of a query, the first of which has the number 1.
pub(super) async fn observe<T, F: Future<Output = Result<T, Error>>>(
    trace: Option<Arc<QueryTrace>>,
    batch: u64,
    request: impl FnOnce() -> F,
) -> Result<T, Error> {
    let Some(trace) = trace else { return request().await };
    let began = Instant::now();
    // In a box, so that the future of a query that nothing observes has no room for it.
    let result = Box::pin(request().instrument(trace.span.clone())).await;
    trace.responded(batch, began.elapsed());
    result
}
