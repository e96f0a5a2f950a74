//! What is told to the recorder of the crate `metrics`, named by the OpenTelemetry conventions for database and HTTP
//! clients.
//!
//! What happens is told as it happens. What only is, such as the number of connections, is looked at once a second while
//! there are calls. The recorder is asked for anew each time, so one that is installed later is heard from then on.
//!
//! `docs/metrics.md` is the list of all of them; a test compares.

mod keys;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arango_balance::Standing;
use http::{Method, StatusCode};
use metrics::{
    Histogram, Key, Label, Level, Metadata, Unit, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, with_recorder,
};
use tokio::time::Instant;

use crate::attempt::Refusal;
use crate::attempt_error::AttemptError;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::{Coordinator, Error, ErrorKind, Outcome, Transport};
use keys::Keys;

/// How often the gauges are set while there are calls, in milliseconds.
const PERIOD: u64 = 1_000;

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

/// When the gauges were set last.
#[derive(Debug)]
pub(crate) struct Sampler {
    began: Instant,
    /// In milliseconds since a period before it began: the first call sets them.
    last: AtomicU64,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { began: Instant::now(), last: AtomicU64::new(0) }
    }
}

impl Sampler {
    /// Sets the gauges, if that was not done within the last second.
    pub(crate) fn tick(&self, now: Instant, transport: &Transport) {
        let now = now.saturating_duration_since(self.began);
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(PERIOD);
        let last = self.last.load(Ordering::Relaxed);
        if now.saturating_sub(last) < PERIOD {
            return;
        }
        // Of those who come at once, one does it.
        if self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            transport.sample_metrics();
        }
    }
}

impl Transport {
    /// Sets the gauges of the client: those are looked at with calls, once a second at most. While there are none, what
    /// idles or comes back shows only if somebody says so, such as whoever collects them.
    ///
    /// Clients of one process that name the same coordinators set the same gauges: the last one to look is right.
    pub fn sample_metrics(&self) {
        let state = self.state();
        gauge!("arango.client.retries_left").set(number(state.retries_left));
        for coordinator in &state.coordinators {
            let used = coordinator.open_connections.saturating_sub(coordinator.idle_connections);
            let now = Gauges {
                idle: coordinator.idle_connections,
                used,
                waiting: coordinator.waiting,
                in_flight: coordinator.in_flight,
                queued: coordinator.queue_time.unwrap_or(Duration::ZERO),
                standing: Some(coordinator.standing),
            };
            now.set(&coordinator.address);
        }
    }
}

/// Tells that a coordinator is gone: whoever looks at its gauges later sees nothing there, rather than what was last.
pub(crate) fn departed(coordinator: &Coordinator) {
    Gauges::default().set(coordinator);
}

/// What is looked at of one coordinator.
#[derive(Default)]
struct Gauges {
    idle: usize,
    used: usize,
    waiting: usize,
    in_flight: usize,
    queued: Duration,
    standing: Option<Standing>,
}

impl Gauges {
    fn set(&self, coordinator: &Coordinator) {
        let (place, pool) = (place(coordinator), pool(coordinator));
        for (name, count) in [("idle", self.idle), ("used", self.used)] {
            let mut labels = pool.clone();
            labels.push(Label::from_static_parts("db.client.connection.state", name));
            gauge!("db.client.connection.count", labels).set(number(count as u64));
        }
        gauge!("db.client.connection.pending_requests", pool).set(number(self.waiting as u64));
        gauge!("http.client.active_requests", place.clone()).set(number(self.in_flight as u64));
        gauge!("arango.client.queue_time", place.clone()).set(self.queued.as_secs_f64());
        for (standing, name) in STANDINGS {
            let mut labels = place.clone();
            labels.push(Label::from_static_parts("arango.standing", name));
            gauge!("arango.client.standing", labels).set(f64::from(self.standing == Some(standing)));
        }
    }
}

const STANDINGS: [(Standing, &str); 5] = [
    (Standing::Well, "well"),
    (Standing::Overloaded, "overloaded"),
    (Standing::Leaving, "leaving"),
    (Standing::Ejected, "ejected"),
    (Standing::Trial, "trial"),
];

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

#[expect(clippy::cast_precision_loss, reason = "nobody has so many of anything")]
fn number(count: u64) -> f64 {
    count as f64
}
