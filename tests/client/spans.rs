//! Tracing spans of calls and attempts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::data::Aql;
use arango::protocol::RequestClass;
use arango_test_cluster::{Fault, Match};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::{builder, client, cluster, insert};

/// Records all spans in the order in which they were opened.
#[derive(Clone, Default)]
struct RecordedSpans(Arc<Mutex<Vec<RecordedSpan>>>, Arc<Mutex<Vec<String>>>);

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

    /// Returns the events at the level INFO or above, each with its level and its fields.
    fn events(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }

    /// Returns the warnings, each with its fields.
    fn warnings(&self) -> Vec<String> {
        self.events().iter().filter_map(|event| event.strip_prefix("WARN ")).map(str::to_owned).collect()
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

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if level <= Level::INFO {
            let mut fields = RecordedSpan::default();
            event.record(&mut fields);
            let fields: Vec<_> =
                fields.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.1.lock().unwrap().push(format!("{level} {}", fields.join(" ")));
        }
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
        ("arango.outcome", "not_executed"),
    ]);
    second.assert_fields([("http.request.resend_count", "1"), ("http.response.status_code", "202")]);
    assert_ne!(first.fields["server.port"], second.fields["server.port"]);
    assert!(!second.fields.contains_key("error.type"));
}

#[tokio::test(start_paused = true)]
async fn a_login_is_a_span_with_its_attempts_and_without_a_secret() {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    let (spans, _guard) = RecordedSpans::install();
    client.db("_system").version().await.unwrap();

    let calls = spans.named("arango");
    let login = calls.iter().find(|call| call.fields["db.operation.name"] == "auth.log_in").unwrap();
    login.assert_fields([("http.request.method", "POST"), ("http.response.status_code", "200")]);
    let attempts = spans.named("arango.attempt");
    assert_eq!((attempts.len(), attempts.iter().filter(|attempt| attempt.parent.is_none()).count()), (2, 0));
    assert!(!format!("{spans:?}").contains(cluster.root_password()), "{spans:?}");
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
    call.assert_fields([("error.type", "NoCoordinatorAvailable"), ("arango.outcome", "not_executed")]);
    for attempt in spans.named("arango.attempt") {
        attempt.assert_fields([("error.type", "ConnectRefused")]);
        assert!(!attempt.fields.contains_key("http.response.status_code"));
    }
    assert_eq!(spans.named("arango.attempt").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_on_documents_names_database_and_collection() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let shop = client.create_database("shop").await.unwrap();
    shop.create_collection("orders").await.unwrap();
    let (spans, _guard) = RecordedSpans::install();
    shop.collection("orders").get::<Value>("one").await.unwrap();
    client.db("_system").version().await.unwrap();
    let [read, version] = &spans.named("arango")[..] else { panic!("{spans:?}") };
    read.assert_fields([("db.namespace", "shop"), ("db.collection.name", "orders")]);
    version.assert_fields([("db.namespace", "_system")]);
    assert!(!version.fields.contains_key("db.collection.name"));
}

const QUERY: &str = "FOR i IN 1..10 RETURN [i, @pin]";

#[tokio::test(start_paused = true)]
async fn a_query_is_a_span_around_its_calls_without_values() {
    let cluster = cluster().await;
    for logs_text in [false, true] {
        let builder = builder(&cluster);
        let builder = if logs_text { builder.log_query_texts() } else { builder };
        let database = builder.build().unwrap().db("_system");
        let (spans, _guard) = RecordedSpans::install();
        let query = Aql::new(QUERY).bind("pin", "s3cret");
        database.query::<Value>(query).batch_size(4).all().await.unwrap();

        let [query] = &spans.named("arango.query")[..] else { panic!("{spans:?}") };
        query.assert_fields([("db.response.returned_rows", "10"), ("arango.batches", "3")]);
        assert_eq!(query.fields.get("db.query.text").is_some_and(|text| text == QUERY), logs_text);
        let calls = spans.named("arango");
        let inner = calls.iter().filter(|call| call.parent == Some("arango.query"));
        let names: Vec<_> = inner.map(|call| call.fields["db.operation.name"].as_str()).collect();
        assert_eq!(names, ["query.create_cursor", "query.next_batch", "query.next_batch"]);
        assert!(!format!("{spans:?}").contains("s3cret"));
    }
}

#[tokio::test(start_paused = true)]
async fn each_slow_response_of_a_query_is_a_warning() {
    let cluster = cluster().await;
    let client = builder(&cluster).slow_queries(Duration::from_secs(2)).build().unwrap();
    let database = client.db("_system");
    let (spans, _guard) = RecordedSpans::install();
    let slow = |seconds: u8| Aql::new("FOR i IN 1..4 LET s = SLEEP(@s) RETURN i").bind("s", seconds);
    database.query::<u8>(slow(0)).all().await.unwrap();
    assert_eq!(spans.warnings(), [""; 0]);
    database.query::<u8>(slow(3)).stream().batch_size(2).all().await.unwrap();
    let warnings = spans.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    for (warning, expected) in warnings.iter().zip(["arango.batch=1", "arango.batch=2"]) {
        assert!(
            warning.contains(expected) && warning.contains("slow query: the response took "),
            "{warning}"
        );
        assert!(warning.contains("db.namespace=_system") && !warning.contains("FOR"), "{warning}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_names_a_coordinator_that_is_ejected_and_one_that_returns() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let (spans, _guard) = RecordedSpans::install();
    let calls = async |count: u32| {
        for _ in 0..count {
            client.db("_system").version().await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    calls(10).await;
    assert_eq!(spans.events(), [""; 0], "nothing has happened yet");

    cluster.coordinator(1).kill();
    calls(20).await;
    let address = &client.coordinators()[1].address;
    let ejected = format!(
        "WARN before=healthy coordinator={address} \
         message=the coordinator is ejected and gets no requests: it could not be reached, or not in time"
    );
    assert_eq!(spans.events(), [&*ejected], "once, and not for each request");

    cluster.coordinator(1).restart().await.unwrap();
    calls(200).await;
    let returned = [
        format!(
            "INFO before=ejected coordinator={address} \
             message=the coordinator gets one request at a time: a probe found it available"
        ),
        format!(
            "INFO before=half-open coordinator={address} message=the coordinator is healthy: it responded"
        ),
    ];
    assert_eq!(spans.events()[1..], returned);
}

impl fmt::Debug for RecordedSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.lock().unwrap().iter()).finish()
    }
}
