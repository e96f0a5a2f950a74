//! R01–R06: the head of an answer came, and the rest was not what it should be, or not when.

use std::sync::atomic::Ordering;
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestClass};
use arango::transport::StoppedBy;
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Close, Fault, Phase, TestCluster};
use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use super::between::{Between, Does};
use super::{B1, Expect, Tells, meet, meet_with, on_writes, tells};
use crate::support::{Insert, builder, client, cluster, insert};

for_each_class![
    r01_a_body_that_is_cut_off_was_executed_and_is_repeated_only_where_that_does_no_harm,
    r02_a_body_that_stands_still_was_executed_and_is_repeated_only_where_that_does_no_harm,
    r03_a_body_that_is_too_large_was_executed_and_is_not_asked_for_again,
    r03a_a_refusal_whose_body_is_too_large_means_what_its_status_means,
    r03a_a_refusal_whose_body_breaks_off_means_what_its_status_means,
    r04_an_answer_of_arangodb_that_cannot_be_read_is_not_asked_for_again_and_keeps_its_beginning,
    r04b_a_success_that_arangodb_did_not_write_sends_what_may_be_repeated_to_another,
    r04c_an_error_object_with_a_status_of_success_is_the_error_that_it_names,
    r05_a_refusal_that_arangodb_did_not_write_sends_what_may_be_repeated_to_another,
    r05a_a_refusal_of_an_intermediary_for_the_size_of_a_request_is_final,
    r05b_a_refusal_by_arangodb_without_an_error_object_is_final,
    r06_an_early_answer_means_what_its_status_means_and_spoils_its_connection_and_nothing_else,
    r06_a_connection_that_settles_after_an_early_answer_carries_the_next_request,
    r06_an_early_answer_that_was_not_executed_sends_any_request_to_another,
];

/// The status of the answer is known, and so is that it was executed.
fn answered(kind: ErrorKind) -> Expect {
    Expect::failure(kind, Outcome::Executed, StoppedBy::NotRetryable).at_servers(1, 1)
}

async fn r01_a_body_that_is_cut_off_was_executed_and_is_repeated_only_where_that_does_no_harm(
    class: RequestClass,
) {
    for how in [Close::Fin, Close::Rst] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::close(Phase::InBody).how(how);
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        let met = meet(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            let error = met.is(&answered(ErrorKind::BodyInterrupted)).error();
            assert!(error.status().unwrap().is_success(), "the status is known");
        } else {
            met.is(&Expect::elsewhere().at_servers(2, 2));
        }
        assert_eq!(tells(&cluster, class, &fault).await, Tells::Unreachable);
    }
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// A client with something between it and the first coordinator; a body may stand still for five seconds.
fn behind(cluster: &TestCluster, does: Does) -> Client {
    let limits = Limits::default().body_idle(FIVE_SECONDS);
    builder(cluster).connect(Between::first_of(cluster, does)).limits(limits).build().unwrap()
}

async fn r02_a_body_that_stands_still_was_executed_and_is_repeated_only_where_that_does_no_harm(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = behind(&cluster, Does::HoldBody);
    let met = meet(&cluster, &client, class).await;
    if class == RequestClass::NonIdempotent {
        let error = met.is(&answered(ErrorKind::BodyTimeout).after(FIVE_SECONDS)).error();
        assert!(error.status().unwrap().is_success(), "the status is known");
    } else {
        met.is(&Expect::elsewhere().at_servers(2, 2).after(FIVE_SECONDS));
    }

    let first = client.coordinator(&client.coordinators()[0].address);
    for _ in 0..2 {
        assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
        first.execute(insert("m", class)).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].standing, MemberState::Ejected, "three in a row");
}

async fn r03_a_body_that_is_too_large_was_executed_and_is_not_asked_for_again(class: RequestClass) {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().body_bytes(16)).build().unwrap();
    let error = meet(&cluster, &client, class).await.is(&answered(ErrorKind::BodyTooLarge)).error();
    assert!(error.status().unwrap().is_success());
    let first = client.coordinator(&client.coordinators()[0].address);
    for _ in 0..5 {
        first.execute(insert("m", class)).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
}

/// A status, and what it means by itself: of a refusal, of what a proxy says, of a redirect.
const BY_STATUS: [(u16, ErrorKind, Outcome); 3] = [
    (409, ErrorKind::Http, Outcome::Unknown),
    (503, ErrorKind::Gateway, Outcome::Unknown),
    (307, ErrorKind::UnexpectedRedirect, Outcome::NotExecuted),
];

/// Meets a refusal of `status` whose body could not be read, and which means `kind` and `outcome`.
async fn refused(
    cluster: &TestCluster,
    client: &Client,
    class: RequestClass,
    (status, kind, outcome): (u16, ErrorKind, Outcome),
    lasted: Duration,
) {
    let met = meet(cluster, client, class).await;
    let repeated = kind == ErrorKind::Gateway && class != RequestClass::NonIdempotent;
    if repeated {
        met.is(&Expect::elsewhere().at_servers(2, 1).within(lasted..=lasted + *B1.end()));
    } else {
        let error = met.is(&Expect::failure(kind, outcome, StoppedBy::NotRetryable).after(lasted)).error();
        assert_eq!(error.status().unwrap(), status);
        assert!(error.error_number().is_none() && error.body().is_empty());
    }
}

async fn r03a_a_refusal_whose_body_is_too_large_means_what_its_status_means(class: RequestClass) {
    for by_status in BY_STATUS {
        let cluster = cluster().await;
        let client = client(&cluster);
        // Within the body is a number that would mean another thing.
        let fault = Fault::answer(by_status.0, 11, "x".repeat(64 << 10));
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        refused(&cluster, &client, class, by_status, Duration::ZERO).await;
    }
}

async fn r03a_a_refusal_whose_body_breaks_off_means_what_its_status_means(class: RequestClass) {
    for (does, lasted) in [(Does::CutBody, Duration::ZERO), (Does::HoldBody, FIVE_SECONDS)] {
        for by_status in BY_STATUS {
            let cluster = cluster().await;
            let client = behind(&cluster, does);
            let fault = Fault::answer(by_status.0, 11, "not all of this arrives");
            let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
            refused(&cluster, &client, class, by_status, lasted).await;
        }
    }
}

/// An insert whose answer must be JSON.
struct Read(Insert);

impl Operation for Read {
    type Output = serde_json::Value;
    const METADATA: Metadata = Insert::METADATA;

    fn class(&self) -> RequestClass {
        self.0.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.0.request()
    }

    fn output(&self, answer: ApiResponse) -> Result<serde_json::Value, DecodeError> {
        answer.json()
    }
}

async fn r04_an_answer_of_arangodb_that_cannot_be_read_is_not_asked_for_again_and_keeps_its_beginning(
    class: RequestClass,
) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let html = format!("<html>{}", "Welcome! ".repeat(1000));
    let fault = Fault::answer_raw(200, "text/html", html.clone()).header("server", "ArangoDB");
    let fault = on_writes(fault.after_execution());
    let _fault = cluster.coordinator(0).inject(fault.clone().times(1));
    let met = meet_with(&cluster, &client, Read(insert("m", class))).await;
    let unread = Expect::failure(ErrorKind::Decode, Outcome::Unknown, StoppedBy::NotRetryable);
    let error = met.is(&unread.at_servers(1, 1)).error();
    assert_eq!(**error.body(), html.as_bytes()[..1024]);
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(error.coordinator(), Some(&client.coordinators()[0].address));

    // It is an answer: it ends a row of failures.
    let first = client.coordinator(&client.coordinators()[0].address);
    for fault in [Fault::garbage(), Fault::garbage(), fault, Fault::garbage()] {
        let _fault = cluster.coordinator(0).inject(on_writes(fault));
        first.execute(Read(insert("m", class))).await.unwrap_err();
    }
    assert_eq!(client.coordinators()[0].standing, MemberState::Healthy);
}

async fn r04b_a_success_that_arangodb_did_not_write_sends_what_may_be_repeated_to_another(
    class: RequestClass,
) {
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
            let fault = Fault::answer_raw(200, content_type, body);
            let fault = if executed { fault.after_execution() } else { fault };
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let met = meet(&cluster, &client, class).await;
            let executed = usize::from(executed);
            if class == RequestClass::NonIdempotent {
                let failure =
                    Expect::failure(ErrorKind::NotArangoDb, Outcome::Unknown, StoppedBy::NotRetryable);
                let error = met.is(&failure.at_servers(1, executed)).error();
                assert_eq!((error.status().unwrap().as_u16(), &**error.body()), (200, body.as_bytes()));
            } else {
                met.is(&Expect::elsewhere().at_servers(2, executed + 1));
            }
            assert_eq!(tells(&cluster, class, &fault).await, Tells::Nothing, "{body}");
        }
    }
}

async fn r04c_an_error_object_with_a_status_of_success_is_the_error_that_it_names(class: RequestClass) {
    for (body, kind) in [
        (r#"{"error":true,"code":500,"errorNum":4}"#, ErrorKind::Server),
        (
            r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"no such collection"}"#,
            ErrorKind::NotFound,
        ),
        (r#"{"error":true,"code":200,"errorNum":4711}"#, ErrorKind::Server),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(200, "application/json", body).after_execution();
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        // The status says that it was executed, the body that it was not.
        let expect = Expect::failure(kind, Outcome::Unknown, StoppedBy::NotRetryable).at_servers(1, 1);
        let error = meet(&cluster, &client, class).await.is(&expect).error();
        assert_eq!(error.status().unwrap(), 200);
        assert!(error.error_number().is_some());
    }
}

async fn r05_a_refusal_that_arangodb_did_not_write_sends_what_may_be_repeated_to_another(
    class: RequestClass,
) {
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
            let fault = Fault::answer_raw(status, content_type, body);
            let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
            let met = meet_with(&cluster, &client, Read(insert("m", class))).await;
            if class == RequestClass::NonIdempotent && outcome == Unknown {
                let failure = Expect::failure(ErrorKind::NotArangoDb, Unknown, StoppedBy::NotRetryable);
                let error = met.is(&failure).error();
                assert_eq!((error.status().unwrap().as_u16(), error.error_number()), (status, None));
                // What follows a 101 is no HTTP.
                assert_eq!(error.body(), if status == 101 { "" } else { body });
            } else {
                met.is(&Expect::elsewhere().at_servers(2, 1));
            }
            assert_eq!(tells(&cluster, class, &fault).await, Tells::Nothing, "{status}");
        }
    }
}

async fn r05a_a_refusal_of_an_intermediary_for_the_size_of_a_request_is_final(class: RequestClass) {
    for status in [413, 414, 431] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(status, "text/html", "<html>too large</html>");
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        let failure = Expect::failure(ErrorKind::NotArangoDb, Outcome::NotExecuted, StoppedBy::NotRetryable);
        meet(&cluster, &client, class).await.is(&failure);
    }
}

async fn r05b_a_refusal_by_arangodb_without_an_error_object_is_final(class: RequestClass) {
    for (status, kind, outcome, health) in [
        (400, ErrorKind::Http, Outcome::Unknown, Tells::Nothing),
        (401, ErrorKind::NotAuthorized, Outcome::NotExecuted, Tells::Nothing),
        (403, ErrorKind::Forbidden, Outcome::NotExecuted, Tells::Good),
        (404, ErrorKind::NotFound, Outcome::Unknown, Tells::Good),
        (409, ErrorKind::Http, Outcome::Unknown, Tells::Nothing),
        (500, ErrorKind::Http, Outcome::Unknown, Tells::Nothing),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let fault = Fault::answer_raw(status, "text/html", "<html>a page of a Foxx service</html>");
        let fault = fault.header("x-arango-queue-time-seconds", "0.000000");
        let _fault = cluster.coordinator(0).inject(on_writes(fault.clone()).times(1));
        let failure = Expect::failure(kind, outcome, StoppedBy::NotRetryable);
        meet(&cluster, &client, class).await.is(&failure);
        assert_eq!(tells(&cluster, class, &fault).await, health, "{status}");
    }
    // Where there is no handler the answer is empty, and nothing was executed.
    let cluster = cluster().await;
    let client = client(&cluster);
    let fault = Fault::answer_raw(404, "text/plain", "").header("server", "ArangoDB");
    let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
    let failure = Expect::failure(ErrorKind::NotFound, Outcome::NotExecuted, StoppedBy::NotRetryable);
    meet(&cluster, &client, class).await.is(&failure);
}

const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 6\r\n\r\nenough";

/// Meets an answer that comes before the request was written; tells how many connections that and the next request took.
async fn early(class: RequestClass, does: Does) -> usize {
    let cluster = cluster().await;
    let between = Between::first_of(&cluster, does);
    let opened = between.opened();
    let client = builder(&cluster).connect(between).build().unwrap();
    // More than fits between the two ends.
    let large = || Insert { padding: 1 << 20, ..insert("m", class) };
    let met = meet_with(&cluster, &client, large()).await;
    let refused = Expect::failure(ErrorKind::NotArangoDb, Outcome::NotExecuted, StoppedBy::NotRetryable);
    let error = met.is(&refused.at_servers(0, 0)).error();
    assert_eq!((error.status().unwrap().as_u16(), &**error.body()), (413, &b"enough"[..]));

    let began = Instant::now();
    let first = client.coordinator(&client.coordinators()[0].address);
    let next = first.execute(Read(insert("next", class))).await;
    assert!(began.elapsed() <= Duration::from_millis(21), "{:?}", began.elapsed());
    match does {
        Does::AnswerEarly(_) => assert_eq!(next.unwrap_err().status().unwrap(), 413, "of its own connection"),
        _ => assert!(next.unwrap()["_id"].is_string()),
    }
    opened.load(Ordering::Relaxed)
}

async fn r06_an_early_answer_means_what_its_status_means_and_spoils_its_connection_and_nothing_else(
    class: RequestClass,
) {
    assert_eq!(early(class, Does::AnswerEarly(TOO_LARGE)).await, 2);
}

async fn r06_a_connection_that_settles_after_an_early_answer_carries_the_next_request(class: RequestClass) {
    assert_eq!(early(class, Does::AnswerEarlyAndSettle(TOO_LARGE)).await, 1);
}

async fn r06_an_early_answer_that_was_not_executed_sends_any_request_to_another(class: RequestClass) {
    let cluster = cluster().await;
    let throttled = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n";
    let client = behind(&cluster, Does::AnswerEarly(throttled));
    let large = Insert { padding: 1 << 20, ..insert("m", class) };
    meet_with(&cluster, &client, large)
        .await
        .is(&Expect::elsewhere().standing(super::OVERLOADED).within(super::B2));
}
