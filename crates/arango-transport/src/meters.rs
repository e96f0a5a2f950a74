//! What is told to the recorder of the crate `metrics`, named by the OpenTelemetry conventions for database and HTTP
//! clients.
//!
//! What happens is told as it happens. What only is, such as the number of connections, is looked at once a second while
//! there are calls. The recorder is asked for anew each time, so one that is installed later is heard from then on.
//!
//! `docs/metrics.md` is the list of all of them; a test compares.

mod gauges;
mod keys;

use std::sync::LazyLock;

use http::{Method, StatusCode};
use metrics::{
    Histogram, Key, Label, Level, Metadata, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, with_recorder,
};
use tokio::time::Instant;

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::{Coordinator, Error, ErrorKind, Outcome};
pub(crate) use gauges::{Sampler, departed};
use keys::Keys;

const CALLS: &str = "db.client.operation.duration";
const ATTEMPTS: &str = "http.client.request.duration";

const OPERATION: &str = "db.operation.name";
const ERROR: &str = "error.type";

/// Says what each is, and in which unit.
pub(crate) fn describe() {
    describe_histogram!(CALLS, Unit::Seconds, "How long calls took, all attempts included");
    describe_histogram!(ATTEMPTS, Unit::Seconds, "How long attempts took, bodies included");
    describe_counter!("arango.client.retries", Unit::Count, "Attempts that followed a failed one");
    describe_counter!("arango.client.hedges", Unit::Count, "Attempts that were made beside a slow one");
    describe_counter!("arango.client.logins", Unit::Count, "Logins, and tokens that a source was asked for");
    describe_counter!(
        "arango.client.ejections",
        Unit::Count,
        "How often a coordinator has left the rotation"
    );
    describe_counter!(
        "db.client.connection.timeouts",
        Unit::Count,
        "Attempts that had no connection in time"
    );
    describe_gauge!("db.client.connection.count", Unit::Count, "Connections that exist");
    describe_gauge!(
        "db.client.connection.pending_requests",
        Unit::Count,
        "Attempts that have no connection yet"
    );
    describe_gauge!("http.client.active_requests", Unit::Count, "Attempts that have not ended yet");
    describe_gauge!(
        "arango.client.queue_time",
        Unit::Seconds,
        "How long requests wait in a coordinator's queue"
    );
    describe_gauge!(
        "arango.client.standing",
        Unit::Count,
        "1 for how a coordinator stands, 0 for how it does not"
    );
    describe_gauge!(
        "arango.client.retries_left",
        Unit::Count,
        "Attempts that may follow failed ones at this moment"
    );
}

/// Tells how a call has ended.
pub(crate) fn called(record: &CallRecord, failed: Option<&Error>) {
    /// By operation, by what is known of the call, and by what has failed. Of all clients: it names none.
    static KEYS: LazyLock<Keys<(&str, Outcome, Option<ErrorKind>)>> = LazyLock::new(Keys::default);
    let operation = record.call.name;
    let (known, kind) = (failed.map_or(Outcome::Executed, Error::outcome), failed.map(Error::kind));
    let key = || {
        let mut labels = vec![
            Label::from_static_parts("db.system.name", "arangodb"),
            Label::from_static_parts(OPERATION, operation),
            Label::from_static_parts("arango.outcome", outcome(known)),
        ];
        labels.extend(kind.map(because));
        Key::from_parts(CALLS, labels)
    };
    let took = record.started.elapsed();
    KEYS.with((operation, known, kind), key, |key| histogram(key).record(took));
}

/// Tells that another attempt follows one that has failed.
pub(crate) fn retried(record: &CallRecord, kind: ErrorKind) {
    let labels = vec![Label::from_static_parts(OPERATION, record.call.name), because(kind)];
    counter!("arango.client.retries", labels).increment(1);
}

/// Tells that another attempt is made beside one.
pub(crate) fn hedged(record: &CallRecord) {
    counter!("arango.client.hedges", OPERATION => record.call.name).increment(1);
}

/// Tells how a login has ended.
pub(crate) fn logged_in(failed: Option<&'static str>) {
    let labels: Vec<Label> = failed.map(|why| Label::from_static_parts(ERROR, why)).into_iter().collect();
    counter!("arango.client.logins", labels).increment(1);
}

/// Tells that a coordinator has left the rotation.
pub(crate) fn ejected(coordinator: &Coordinator) {
    counter!("arango.client.ejections", place(coordinator)).increment(1);
}

/// Tells that an attempt had no connection in time.
pub(crate) fn pool_timed_out(coordinator: &Coordinator) {
    counter!("db.client.connection.timeouts", pool(coordinator)).increment(1);
}

/// The labels of one coordinator.
fn place(coordinator: &Coordinator) -> Vec<Label> {
    let mut labels = vec![Label::new("server.address", coordinator.host().to_string())];
    // A socket has none.
    if coordinator.port() != 0 {
        labels.push(Label::new("server.port", coordinator.port().to_string()));
    }
    labels
}

/// One coordinator, of whose attempts is told.
#[derive(Debug)]
pub(crate) struct Place {
    labels: Vec<Label>,
    /// By method, by status, and by what has failed.
    keys: Keys<(&'static str, Option<StatusCode>, Option<ErrorKind>)>,
}

impl Place {
    pub(crate) fn of(coordinator: &Coordinator) -> Self {
        Self { labels: place(coordinator), keys: Keys::default() }
    }

    /// Tells how an attempt has ended.
    pub(crate) fn attempted(
        &self,
        record: &CallRecord,
        began: Instant,
        result: &mut Result<Incoming, AttemptError>,
    ) {
        let (status, failed) = match result {
            Ok(answer) => {
                let refusal = answer.extensions().get::<Refusal>();
                (Some(answer.status()), refusal.map(|refusal| refusal.0.kind))
            }
            Err(error) => (error.attempt().status, Some(error.kind())),
        };
        let method = method(&record.template.method);
        let key = || {
            let mut labels = self.labels.clone();
            labels.push(Label::from_static_parts("http.request.method", method));
            labels.extend(
                status.map(|status| Label::new("http.response.status_code", status.as_str().to_owned())),
            );
            labels.extend(failed.map(because));
            Key::from_parts(ATTEMPTS, labels)
        };
        let took = began.elapsed();
        self.keys.with((method, status, failed), key, |key| histogram(key).record(took));
    }
}

/// The histogram of this key, of the recorder that there is now.
fn histogram(key: &Key) -> Histogram {
    static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
    with_recorder(|recorder| recorder.register_histogram(key, &METADATA))
}

fn pool(coordinator: &Coordinator) -> Vec<Label> {
    vec![Label::new("db.client.connection.pool.name", coordinator.to_string())]
}

fn because(kind: ErrorKind) -> Label {
    Label::new(ERROR, format!("{kind:?}"))
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotExecuted => "not_executed",
        Outcome::Unknown => "unknown",
        Outcome::Executed => "executed",
    }
}

/// A method of somebody's own would be a label of somebody's own.
fn method(method: &Method) -> &'static str {
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
