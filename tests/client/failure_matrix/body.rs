//! R01–R06: truncated, stalled, too large, early and unreadable response bodies.

use std::sync::atomic::Ordering;
use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestClass, RequestProperties,
};
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Phase, TestCluster};
use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use super::intermediaries::{Interference, Intermediary};
use super::{
    CONNECTION_BACKOFF, Expect, HealthSignal, call_and_observe, execute_and_observe, health_signal, on_writes,
};
use crate::support::{Insert, builder, client, cluster, insert};

for_each_class![
    r01_a_truncated_body_was_executed_and_is_retried_only_if_repeatable,
    r02_a_stalled_body_was_executed_and_is_retried_only_if_repeatable,
    r03_a_too_large_body_was_executed_and_is_not_retried,
    r03a_an_error_with_a_too_large_body_is_classified_by_status,
    r03a_an_error_with_a_truncated_body_is_classified_by_status,
    r04_an_unreadable_arangodb_response_is_not_retried_and_keeps_its_prefix,
    r04b_a_success_not_from_arangodb_fails_over_only_if_repeatable,
    r04c_an_error_object_with_a_success_status_is_an_error,
    r04d_a_value_of_another_type_than_the_programs_was_executed,
    r05_an_error_not_from_arangodb_fails_over_only_if_repeatable,
    r05a_a_request_size_error_of_an_intermediary_is_final,
    r05b_an_arangodb_error_without_an_error_object_is_final,
    r06_an_early_response_is_classified_by_status_and_closes_its_connection,
    r06_a_drained_connection_is_reused_after_an_early_response,
    r06_an_early_response_before_execution_fails_over,
];

/// Expects a failure after a success status: the request was executed and is not retried.
fn executed_failure(kind: ErrorKind) -> Expect {
    Expect::failure(kind, Outcome::Executed, StoppedBy::NotRetryable).server_counts(1, 1)
}

async fn r01_a_truncated_body_was_executed_and_is_retried_only_if_repeatable(class: RequestClass) {
    for close in [Close::Fin, Close::Rst] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::close(Phase::InBody).close_mode(close);
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        let observed = call_and_observe(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            let error = observed.assert_matches(&executed_failure(ErrorKind::BodyInterrupted)).error();
            assert!(error.status().unwrap().is_success(), "the status is known");
        } else {
            observed.assert_matches(&Expect::fails_over().server_counts(2, 2));
        }
        assert_eq!(health_signal(&cluster, class, &fault).await, HealthSignal::Unreachable);
    }
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// Returns a client with an intermediary before the first coordinator. Its body idle timeout is five seconds.
fn behind_intermediary(cluster: &TestCluster, interference: Interference) -> Client {
    let limits = Limits::default().body_idle(FIVE_SECONDS);
    builder(cluster)
        .connect(Intermediary::in_front_of_first(cluster, interference))
        .limits(limits)
        .build()
        .unwrap()
}

async fn r02_a_stalled_body_was_executed_and_is_retried_only_if_repeatable(class: RequestClass) {
    let cluster = cluster().await;
    let client = behind_intermediary(&cluster, Interference::StallBody);
    let observed = call_and_observe(&cluster, &client, class).await;
    if class == RequestClass::NonIdempotent {
        let error =
            observed.assert_matches(&executed_failure(ErrorKind::BodyTimeout).after(FIVE_SECONDS)).error();
        assert!(error.status().unwrap().is_success(), "the status is known");
    } else {
        observed.assert_matches(&Expect::fails_over().server_counts(2, 2).after(FIVE_SECONDS));
    }

    let first = client.coordinator(&client.coordinators()[0].address);
    for _ in 0..2 {
        assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
        first.execute(insert("m", class)).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected, "three consecutive failures");
}

async fn r03_a_too_large_body_was_executed_and_is_not_retried(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().body_bytes(16)).build().unwrap();
    let error = call_and_observe(&cluster, &client, class)
        .await
        .assert_matches(&executed_failure(ErrorKind::BodyTooLarge))
        .error();
    assert!(error.status().unwrap().is_success());
    let first = client.coordinator(&client.coordinators()[0].address);
    for _ in 0..5 {
        first.execute(insert("m", class)).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
}

/// Statuses and their classification without a body: an error, an error of a proxy, a redirect.
const BY_STATUS: [(u16, ErrorKind, Outcome); 6] = [
    (409, ErrorKind::Http, Outcome::Unknown),
    // A complete empty body would prove that there is no handler.
    (404, ErrorKind::NotFound, Outcome::Unknown),
    (405, ErrorKind::Http, Outcome::Unknown),
    (501, ErrorKind::Http, Outcome::Unknown),
    (503, ErrorKind::Gateway, Outcome::Unknown),
    (307, ErrorKind::UnexpectedRedirect, Outcome::NotExecuted),
];

/// Asserts the classification of an error response whose body could not be read.
async fn assert_error_by_status(
    cluster: &TestCluster,
    client: &Client,
    class: RequestClass,
    (status, kind, outcome): (u16, ErrorKind, Outcome),
    elapsed: Duration,
) {
    let observed = call_and_observe(cluster, client, class).await;
    let is_retried = kind == ErrorKind::Gateway && class != RequestClass::NonIdempotent;
    if is_retried {
        observed.assert_matches(
            &Expect::fails_over().server_counts(2, 1).within(elapsed..=elapsed + *CONNECTION_BACKOFF.end()),
        );
    } else {
        let error = observed
            .assert_matches(&Expect::failure(kind, outcome, StoppedBy::NotRetryable).after(elapsed))
            .error();
        assert_eq!(error.status().unwrap(), status);
        assert!(error.error_number().is_none() && error.body().is_empty());
    }
}

async fn r03a_an_error_with_a_too_large_body_is_classified_by_status(class: RequestClass) {
    for by_status in BY_STATUS {
        let cluster = cluster().await;
        let client = client(&cluster);
        // The body contains an error number with another meaning.
        let fault = Fault::response(by_status.0, 11, "x".repeat(64 << 10));
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        assert_error_by_status(&cluster, &client, class, by_status, Duration::ZERO).await;
    }
}

async fn r03a_an_error_with_a_truncated_body_is_classified_by_status(class: RequestClass) {
    for (interference, elapsed) in
        [(Interference::CutBody, Duration::ZERO), (Interference::StallBody, FIVE_SECONDS)]
    {
        for by_status in BY_STATUS {
            let cluster = cluster().await;
            let client = behind_intermediary(&cluster, interference);
            let fault = Fault::response(by_status.0, 11, "not all of this arrives");
            let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
            assert_error_by_status(&cluster, &client, class, by_status, elapsed).await;
        }
    }
}

/// An insert whose response must be JSON.
struct JsonInsert(Insert);

impl Operation for JsonInsert {
    type Output = serde_json::Value;
    const METADATA: Metadata = Insert::METADATA;

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.0.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, response: ApiResponse) -> Result<serde_json::Value, OutputError> {
        response.json()
    }
}

async fn r04_an_unreadable_arangodb_response_is_not_retried_and_keeps_its_prefix(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let html = format!("<html>{}", "Welcome! ".repeat(1000));
    let fault = Fault::raw_response(200, "text/html", html.clone()).header("server", "ArangoDB");
    let fault = on_writes(fault.after_execution());
    let _fault = cluster.coordinator(0).inject(fault.clone().times(1));
    let observed = execute_and_observe(&cluster, &client, JsonInsert(insert("m", class))).await;
    let unreadable = Expect::failure(ErrorKind::Decode, Outcome::Unknown, StoppedBy::NotRetryable);
    let error = observed.assert_matches(&unreadable.server_counts(1, 1)).error();
    assert_eq!(**error.body(), html.as_bytes()[..1024]);
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.coordinator(), Some(&client.coordinators()[0].address));

    // It is a response from ArangoDB, so it resets the count of consecutive failures.
    let first = client.coordinator(&client.coordinators()[0].address);
    for fault in [Fault::garbage(), Fault::garbage(), fault, Fault::garbage()] {
        let _fault = cluster.coordinator(0).inject(on_writes(fault));
        first.execute(JsonInsert(insert("m", class))).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Healthy);
}

/// An insert whose response must have a type of the program in it, beside what the server always sends.
struct TypedInsert(Insert);

impl Operation for TypedInsert {
    type Output = u8;
    const METADATA: Metadata = Insert::METADATA;

    fn properties(&self) -> RequestProperties {
        self.0.properties()
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, response: ApiResponse) -> Result<u8, OutputError> {
        #[derive(serde::Deserialize)]
        struct Inserted {
            #[serde(rename = "_rev")]
            revision: u8,
        }
        let inserted = response.json::<Inserted>().map(|inserted| inserted.revision);
        inserted.map_err(|error| error.with_success_shape(self.0.output(response).is_ok()))
    }
}

async fn r04d_a_value_of_another_type_than_the_programs_was_executed(class: RequestClass) {
    let stored = r#"{"_key":"a","_id":"books/a","_rev":"_a"}"#;
    // The body proves who has answered, whether the head does or not.
    let identified = Fault::raw_response(201, "application/json", stored).header("server", "ArangoDB");
    let unidentified = Fault::raw_response(201, "application/json", stored);
    for fault in [identified, unidentified] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _fault = cluster.coordinator(0).inject(on_writes(fault.after_execution()).times(1));
        let observed = execute_and_observe(&cluster, &client, TypedInsert(insert("m", class))).await;
        let error = observed.assert_matches(&executed_failure(ErrorKind::Decode)).error();
        assert_eq!((**error.body()).as_ref(), stored.as_bytes());
        assert!(error.report().to_string().contains("`_rev`"), "{}", error.report());
    }
}

async fn r04b_a_success_not_from_arangodb_fails_over_only_if_repeatable(class: RequestClass) {
    for (content_type, body) in [
        ("text/html", "<html>Welcome!</html>"),
        ("text/plain", "ok"),
        ("application/json", r#"{"status":"ok"}"#),
        ("application/json", "[]"),
        ("application/json", "7"),
        ("application/json", ""),
    ] {
        for executed in [false, true] {
            let cluster = cluster().await;
            let client = client(&cluster);
            let fault = Fault::raw_response(200, content_type, body);
            let fault = if executed { fault.after_execution() } else { fault };
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let observed = call_and_observe(&cluster, &client, class).await;
            let executed = usize::from(executed);
            if class == RequestClass::NonIdempotent {
                let failure =
                    Expect::failure(ErrorKind::NotArangoDb, Outcome::Unknown, StoppedBy::NotRetryable);
                let error = observed.assert_matches(&failure.server_counts(1, executed)).error();
                assert_eq!((error.status().unwrap().as_u16(), &**error.body()), (200, body.as_bytes()));
            } else {
                observed.assert_matches(&Expect::fails_over().server_counts(2, executed + 1));
            }
            assert_eq!(health_signal(&cluster, class, &fault).await, HealthSignal::Neutral, "{body}");
        }
    }
}

async fn r04c_an_error_object_with_a_success_status_is_an_error(class: RequestClass) {
    for (body, kind) in [
        (r#"{"error":true,"code":500,"errorNum":4}"#, ErrorKind::Server),
        (
            r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"no such collection"}"#,
            ErrorKind::CollectionNotFound,
        ),
        (r#"{"error":true,"code":200,"errorNum":4711}"#, ErrorKind::Server),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(200, "application/json", body).after_execution();
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        // According to the status it was executed, according to the body it was not.
        let expect = Expect::failure(kind, Outcome::Unknown, StoppedBy::NotRetryable).server_counts(1, 1);
        let error = call_and_observe(&cluster, &client, class).await.assert_matches(&expect).error();
        assert_eq!(error.status().unwrap(), 200);
        assert!(error.error_number().is_some());
    }
}

async fn r05_an_error_not_from_arangodb_fails_over_only_if_repeatable(class: RequestClass) {
    use Outcome::{NotExecuted, Unknown};
    for (status, outcome) in [
        (101, Unknown),
        (300, Unknown),
        (305, Unknown),
        (400, Unknown),
        (401, NotExecuted),
        (403, NotExecuted),
        (404, Unknown),
        (405, Unknown),
        (407, NotExecuted),
        (409, Unknown),
        (418, Unknown),
        (500, Unknown),
        (501, Unknown),
        (600, Unknown),
        (999, Unknown),
    ] {
        for (content_type, body) in [("text/html", "<html>no</html>"), ("application/json", "{\"a\":1}")] {
            let cluster = cluster().await;
            let client = client(&cluster);
            let fault = Fault::raw_response(status, content_type, body);
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let observed = execute_and_observe(&cluster, &client, JsonInsert(insert("m", class))).await;
            if class == RequestClass::NonIdempotent && outcome == Unknown {
                let failure = Expect::failure(ErrorKind::NotArangoDb, Unknown, StoppedBy::NotRetryable);
                let error = observed.assert_matches(&failure).error();
                assert_eq!((error.status().unwrap().as_u16(), error.error_number()), (status, None));
                // The bytes after a 101 are not HTTP.
                assert_eq!(error.body(), if status == 101 { "" } else { body });
            } else {
                observed.assert_matches(&Expect::fails_over().server_counts(2, 1));
            }
            assert_eq!(health_signal(&cluster, class, &fault).await, HealthSignal::Neutral, "{status}");
        }
    }
}

async fn r05a_a_request_size_error_of_an_intermediary_is_final(class: RequestClass) {
    for status in [413, 414, 431] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(status, "text/html", "<html>too large</html>");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let failure = Expect::failure(ErrorKind::NotArangoDb, Outcome::NotExecuted, StoppedBy::NotRetryable);
        call_and_observe(&cluster, &client, class).await.assert_matches(&failure);
    }
}

async fn r05b_an_arangodb_error_without_an_error_object_is_final(class: RequestClass) {
    for (status, kind, outcome, health) in [
        (400, ErrorKind::Http, Outcome::Unknown, HealthSignal::Neutral),
        (401, ErrorKind::NotAuthorized, Outcome::NotExecuted, HealthSignal::Neutral),
        (403, ErrorKind::Forbidden, Outcome::NotExecuted, HealthSignal::Success),
        (404, ErrorKind::NotFound, Outcome::Unknown, HealthSignal::Success),
        (409, ErrorKind::Http, Outcome::Unknown, HealthSignal::Neutral),
        (500, ErrorKind::Http, Outcome::Unknown, HealthSignal::Neutral),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::raw_response(status, "text/html", "<html>a page of a Foxx service</html>");
        let fault = fault.header("x-arango-queue-time-seconds", "0.000000");
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        let failure = Expect::failure(kind, outcome, StoppedBy::NotRetryable);
        call_and_observe(&cluster, &client, class).await.assert_matches(&failure);
        assert_eq!(health_signal(&cluster, class, &fault).await, health, "{status}");
    }
    // An empty 404 means that the server has no handler, so nothing was executed.
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::raw_response(404, "text/plain", "").header("server", "ArangoDB");
    let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
    let failure = Expect::failure(ErrorKind::NotFound, Outcome::NotExecuted, StoppedBy::NotRetryable);
    call_and_observe(&cluster, &client, class).await.assert_matches(&failure);
}

const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 6\r\n\r\nenough";

/// Makes a call that gets a response before the request is written completely. Returns the number of connections used
/// by it and the next call.
async fn early_response(class: RequestClass, interference: Interference) -> usize {
    let cluster = cluster().await;
    let intermediary = Intermediary::in_front_of_first(&cluster, interference);
    let opened = intermediary.opened();
    let client = builder(&cluster).connect(intermediary).build().unwrap();
    // Larger than the buffers between client and coordinator.
    let large = || Insert { padding: 1 << 20, ..insert("m", class) };
    let observed = execute_and_observe(&cluster, &client, large()).await;
    let rejected = Expect::failure(ErrorKind::NotArangoDb, Outcome::NotExecuted, StoppedBy::NotRetryable);
    let error = observed.assert_matches(&rejected.server_counts(0, 0)).error();
    assert_eq!((error.status().unwrap().as_u16(), &**error.body()), (413, &b"enough"[..]));

    let start = Instant::now();
    let first = client.coordinator(&client.coordinators()[0].address);
    let next = first.execute(JsonInsert(insert("next", class))).await;
    assert!(start.elapsed() <= Duration::from_millis(21), "{:?}", start.elapsed());
    match interference {
        Interference::RespondEarly(_) => {
            assert_eq!(next.unwrap_err().status().unwrap(), 413, "the early response of the new connection");
        }
        _ => assert!(next.unwrap()["_id"].is_string()),
    }
    opened.load(Ordering::Relaxed)
}

async fn r06_an_early_response_is_classified_by_status_and_closes_its_connection(class: RequestClass) {
    assert_eq!(early_response(class, Interference::RespondEarly(TOO_LARGE)).await, 2);
}

async fn r06_a_drained_connection_is_reused_after_an_early_response(class: RequestClass) {
    assert_eq!(early_response(class, Interference::RespondEarlyThenDrain(TOO_LARGE)).await, 1);
}

async fn r06_an_early_response_before_execution_fails_over(class: RequestClass) {
    let cluster = cluster().await;
    let throttled = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n";
    let client = behind_intermediary(&cluster, Interference::RespondEarly(throttled));
    let large = Insert { padding: 1 << 20, ..insert("m", class) };
    execute_and_observe(&cluster, &client, large).await.assert_matches(
        &Expect::fails_over().member_states(super::FIRST_OVERLOADED).within(super::OVERLOAD_BACKOFF),
    );
}
