//! Metrics for the recorder of the crate `metrics`.
//!
//! Names follow the OpenTelemetry conventions for database and HTTP clients. Counters and histograms are recorded with
//! each event. Gauges, such as the number of connections, are set once a second while there are calls. The recorder is
//! looked up each time, so one that is installed later receives everything from then on.
//!
//! `docs/metrics.md` lists all metrics; a test compares.

mod keys;

use std::sync::LazyLock;

use arango_protocol::{ErrorKind, Outcome};
use http::{Method, StatusCode};
use metrics::{
    Histogram, Key, Label, Level, Metadata, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, with_recorder,
};
use tokio::time::Instant;

use crate::call::context::CallContext;
use crate::telemetry::outcome_label;
use crate::types::coordinator::Coordinator;
use keys::Keys;

const CALLS: &str = "db.client.operation.duration";
const ROWS: &str = "db.client.response.returned_rows";
const ATTEMPTS: &str = "http.client.request.duration";

const OPERATION: &str = "db.operation.name";
const ERROR: &str = "error.type";

/// Registers the description and unit of each metric.
pub(crate) fn describe() {
    describe_histogram!(CALLS, Unit::Seconds, "Duration of calls, including all attempts");
    describe_histogram!(ROWS, Unit::Count, "Rows that queries have returned");
    describe_histogram!(ATTEMPTS, Unit::Seconds, "Duration of attempts, including response bodies");
    describe_counter!("arango.client.retries", Unit::Count, "Attempts that followed a failed one");
    describe_counter!("arango.client.hedges", Unit::Count, "Attempts made in addition to a slow one");
    describe_counter!("arango.client.logins", Unit::Count, "Logins and tokens requested from a token source");
    describe_counter!(
        "arango.client.ejections",
        Unit::Count,
        "Number of times a coordinator left the rotation"
    );
    describe_counter!(
        "db.client.connection.timeouts",
        Unit::Count,
        "Attempts that got no connection in time"
    );
    describe_gauge!("db.client.connection.count", Unit::Count, "Open connections");
    describe_gauge!(
        "db.client.connection.pending_requests",
        Unit::Count,
        "Attempts that have no connection yet"
    );
    describe_gauge!("http.client.active_requests", Unit::Count, "Attempts in progress");
    describe_gauge!(
        "arango.client.queue_time",
        Unit::Seconds,
        "Time that requests wait in a coordinator's queue"
    );
    describe_gauge!(
        "arango.client.state",
        Unit::Count,
        "1 for the current state of a coordinator, 0 for the others"
    );
    describe_gauge!(
        "arango.client.retries_left",
        Unit::Count,
        "Retries that the retry budget currently allows"
    );
}

/// Records the end of a call. `failed`: the outcome and the kind of a failure.
pub(crate) fn called(context: &CallContext, failed: Option<(Outcome, ErrorKind)>) {
    /// By operation, outcome and error kind. Shared by all clients, because no label names a client.
    static KEYS: LazyLock<Keys<(&str, Outcome, Option<ErrorKind>)>> = LazyLock::new(Keys::default);
    let operation = context.call.prepares().unwrap_or(context.call.name);
    let (known, kind) = failed.map_or((Outcome::Executed, None), |(outcome, kind)| (outcome, Some(kind)));
    let key = || {
        let mut labels = vec![
            Label::from_static_parts("db.system.name", "arangodb"),
            Label::from_static_parts(OPERATION, operation),
            Label::from_static_parts("arango.outcome", outcome_label(known)),
        ];
        labels.extend(kind.map(error_label));
        Key::from_parts(CALLS, labels)
    };
    let duration = context.started.elapsed();
    KEYS.with((operation, known, kind), key, |key| histogram(key).record(duration));
}

/// Records how many rows a query has returned.
pub(crate) fn returned(rows: u64) {
    static LABELS: [Label; 1] = [Label::from_static_parts("db.system.name", "arangodb")];
    static KEY: Key = Key::from_static_parts(ROWS, &LABELS);
    #[expect(clippy::cast_precision_loss, reason = "histograms have floating-point values")]
    histogram(&KEY).record(rows as f64);
}

/// Records a retry after an attempt that failed with `kind`.
pub(crate) fn retried(context: &CallContext, kind: ErrorKind) {
    let labels = vec![Label::from_static_parts(OPERATION, context.call.name), error_label(kind)];
    counter!("arango.client.retries", labels).increment(1);
}

/// Records a hedged attempt.
pub(crate) fn hedged(context: &CallContext) {
    counter!("arango.client.hedges", OPERATION => context.call.name).increment(1);
}

/// Records the end of a login.
pub(crate) fn logged_in(failed: Option<&'static str>) {
    let labels: Vec<Label> =
        failed.map(|reason| Label::from_static_parts(ERROR, reason)).into_iter().collect();
    counter!("arango.client.logins", labels).increment(1);
}

/// Records that a coordinator left the rotation.
pub(crate) fn ejected(coordinator: &Coordinator) {
    counter!("arango.client.ejections", server_labels(coordinator)).increment(1);
}

/// Records that an attempt got no connection in time.
pub(crate) fn pool_timed_out(coordinator: &Coordinator) {
    counter!("db.client.connection.timeouts", pool_labels(coordinator)).increment(1);
}

/// Returns the address labels of a coordinator.
pub(crate) fn server_labels(coordinator: &Coordinator) -> Vec<Label> {
    let mut labels = vec![Label::new("server.address", coordinator.host().to_string())];
    // A Unix socket has no port.
    if coordinator.port() != 0 {
        labels.push(Label::new("server.port", coordinator.port().to_string()));
    }
    labels
}

/// The labels and cached metric keys of one coordinator.
#[derive(Debug)]
pub(crate) struct CoordinatorLabels {
    labels: Vec<Label>,
    /// By method, status and error kind.
    keys: Keys<(&'static str, Option<StatusCode>, Option<ErrorKind>)>,
}

impl CoordinatorLabels {
    pub(crate) fn of(coordinator: &Coordinator) -> Self {
        Self { labels: server_labels(coordinator), keys: Keys::default() }
    }

    /// Records the end of an attempt.
    pub(crate) fn attempted(
        &self,
        context: &CallContext,
        began: Instant,
        status: Option<StatusCode>,
        failed: Option<ErrorKind>,
    ) {
        let method = method_label(&context.request.method);
        let key = || {
            let mut labels = self.labels.clone();
            labels.push(Label::from_static_parts("http.request.method", method));
            labels.extend(
                status.map(|status| Label::new("http.response.status_code", status.as_str().to_owned())),
            );
            labels.extend(failed.map(error_label));
            Key::from_parts(ATTEMPTS, labels)
        };
        let duration = began.elapsed();
        self.keys.with((method, status, failed), key, |key| histogram(key).record(duration));
    }
}

/// Returns the histogram of a key from the current recorder.
fn histogram(key: &Key) -> Histogram {
    static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
    with_recorder(|recorder| recorder.register_histogram(key, &METADATA))
}

pub(crate) fn pool_labels(coordinator: &Coordinator) -> Vec<Label> {
    vec![Label::new("db.client.connection.pool.name", coordinator.to_string())]
}

fn error_label(kind: ErrorKind) -> Label {
    Label::new(ERROR, format!("{kind:?}"))
}

/// Returns the label value of a method; non-standard methods share one value.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
