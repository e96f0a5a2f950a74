//! Tracing spans of calls and attempts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use arango::protocol::RequestClass;
use arango_test_cluster::{Fault, Match};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{client, cluster, insert};

/// Records all spans in the order in which they were opened.
#[derive(Clone, Default)]
struct RecordedSpans(Arc<Mutex<Vec<RecordedSpan>>>);

#[derive(Debug, Clone, Default)]
struct RecordedSpan {
    name: &'static str,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
    id: u64,
}

impl RecordedSpans {
    /// Installs the recorder on this thread until the guard is dropped.
    fn install() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
        (spans, guard)
    }

    /// Returns the spans with this name.
    fn named(&self, name: &str) -> Vec<RecordedSpan> {
        self.0.lock().unwrap().iter().filter(|span| span.name == name).cloned().collect()
    }
}

impl<S> Layer<S> for RecordedSpans
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut span =
            RecordedSpan { name: attributes.metadata().name(), id: id.into_u64(), ..RecordedSpan::default() };
        span.parent = context.lookup_current().map(|parent| parent.metadata().name());
        attributes.record(&mut span);
        self.0.lock().unwrap().push(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        // An id may be reused after its span has closed, so the latest span is meant.
        if let Some(span) = spans.iter_mut().rev().find(|span| span.id == id.into_u64()) {
            values.record(span);
        }
    }
}

impl Visit for RecordedSpan {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

impl RecordedSpan {
    fn assert_fields<const N: usize>(&self, fields: [(&'static str, &str); N]) {
        for (name, value) in fields {
            assert_eq!(self.fields.get(name).map(String::as_str), Some(value), "{name} of {self:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_span_with_one_child_span_per_attempt() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::response(503, 21003, "queue full").on(Match::post("/_api/document/*")).times(1);
    let _fault = cluster.coordinator(0).inject(fault);
    let (spans, _guard) = RecordedSpans::install();
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();

    let [call] = &spans.named("arango")[..] else { panic!("{spans:?}") };
    assert_eq!(call.parent, None);
    call.assert_fields([
        ("db.system.name", "arangodb"),
        ("db.operation.name", "books.insert"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "202"),
    ]);
    let [first, second] = &spans.named("arango.attempt")[..] else { panic!("{spans:?}") };
    assert_eq!((first.parent, second.parent), (Some("arango"), Some("arango")));
    first.assert_fields([
        ("server.address", "127.0.0.1"),
        ("http.request.resend_count", "0"),
        ("http.response.status_code", "503"),
        ("error.type", "QueueFull"),
        ("arango.error_number", "21003"),
        ("arango.outcome", "not executed"),
    ]);
    second.assert_fields([("http.request.resend_count", "1"), ("http.response.status_code", "202")]);
    assert_ne!(first.fields["server.port"], second.fields["server.port"]);
    assert!(!second.fields.contains_key("error.type"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_records_error_and_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let (spans, _guard) = RecordedSpans::install();
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    let [call] = &spans.named("arango")[..] else { panic!("{spans:?}") };
    call.assert_fields([("error.type", "NoCoordinatorAvailable"), ("arango.outcome", "not executed")]);
    for attempt in spans.named("arango.attempt") {
        attempt.assert_fields([("error.type", "ConnectRefused")]);
        assert!(!attempt.fields.contains_key("http.response.status_code"));
    }
    assert_eq!(spans.named("arango.attempt").len(), 4);
}

impl fmt::Debug for RecordedSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lock().unwrap().iter()).finish()
    }
}
