//! Writes that find out whether they were executed: the rows with Q of the failure semantics.

use std::time::Duration;

use arango::protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    RequestBuilder, RequestClass, RequestProperties, Resolution, Resolve, Scope,
};
use arango::{CallOptions, Client, Error, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{builder, client, cluster, marked};

for_each_class![
    q1_a_write_whose_response_is_lost_is_found,
    q2_a_refusal_by_the_own_effect_is_a_success,
    q3_the_effect_of_another_write_is_not_taken_for_its_own,
    q4_an_effect_that_is_not_there_proves_nothing,
    q5_a_question_that_is_not_answered_is_reported,
    q5_a_refused_question_is_asked_once,
    q6_without_time_nothing_is_asked,
    q6_without_a_retry_budget_nothing_is_asked,
    q7_a_failure_without_doubt_asks_nothing,
    q7_a_write_without_a_failure_asks_nothing,
    q8_a_question_is_repeated_until_the_effect_is_there_or_its_time_is_over,
];

/// An insert with a key that only this client knows, so that a copy of it changes nothing.
#[derive(Clone, Copy)]
struct InsertOnce {
    title: &'static str,
    resolution_timeout: Duration,
    class: RequestClass,
}

fn insert(class: RequestClass) -> InsertOnce {
    InsertOnce { title: "mine", resolution_timeout: Duration::ZERO, class }
}

impl Operation for InsertOnce {
    type Output = String;
    const METADATA: Metadata =
        Metadata::post("test.insert_once", "/_api/document/books").scope(Scope::Database);

    fn properties(&self) -> RequestProperties {
        RequestProperties::with_class(self.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let body = json!({ "_key": "k1", "title": self.title });
        marked(RequestBuilder::new(Self::METADATA).json(&body), "insert")
    }

    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        response.json::<Value>().map(|written| revision(&written))
    }
}

impl Resolve for InsertOnce {
    type Question = ReadDocument;

    fn question(&self, failure: &Failure) -> Option<ReadDocument> {
        let may_be_own = failure.number == Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED);
        (failure.is_response_lost() || may_be_own).then_some(ReadDocument)
    }

    fn conclusion(&self, _: &Failure, answer: Result<Value, &ErrorObject>) -> Conclusion<String> {
        match answer {
            Ok(document) if document["title"] == self.title => Conclusion::Executed(revision(&document)),
            Ok(_) => Conclusion::Superseded,
            Err(refused)
                if refused.number == ErrorNumber::DOCUMENT_NOT_FOUND && self.resolution_timeout.is_zero() =>
            {
                Conclusion::NotSeen
            }
            Err(refused) if refused.number == ErrorNumber::DOCUMENT_NOT_FOUND => {
                Conclusion::AskAgain { otherwise: None }
            }
            Err(_) => Conclusion::CannotTell,
        }
    }

    fn resolution_timeout(&self) -> Duration {
        self.resolution_timeout
    }
}

fn revision(document: &Value) -> String {
    document["_rev"].as_str().unwrap().to_owned()
}

struct ReadDocument;

impl Operation for ReadDocument {
    type Output = Value;
    const METADATA: Metadata = Metadata::get("test.read", "/_api/document/books/k1").scope(Scope::Database);

    fn output(&self, response: ApiResponse) -> Result<Value, OutputError> {
        response.json()
    }
}

async fn run(client: &Client, operation: InsertOnce) -> Result<String, Error> {
    client.db("_system").execute_resolving(operation).await
}

fn on_inserts(fault: Fault) -> Fault {
    fault.on(Match::post("/_api/document/*"))
}

fn on_reads(fault: Fault) -> Fault {
    fault.on(Match::get("/_api/document/*"))
}

fn questions(cluster: &TestCluster) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == "GET" && entry.path.ends_with("/books/k1")).count()
}

/// Returns the revision of the document, read by another client.
async fn stored_revision(cluster: &TestCluster) -> String {
    revision(&client(cluster).db("_system").execute(ReadDocument).await.unwrap())
}

async fn q1_a_write_whose_response_is_lost_is_found(class: RequestClass) {
    // The copies are executed, too, and refused. The head of a refusal is enough to end the call.
    for (phase, copies) in [(Phase::AfterExecution, 4), (Phase::InHead, 4), (Phase::InBody, 2)] {
        let copies = if class == RequestClass::NonIdempotent { 1 } else { copies };
        let cluster = cluster().await;
        let _lost = cluster.inject(&on_inserts(Fault::close(phase).times(1)));
        let found = run(&client(&cluster), insert(class)).await.unwrap();
        assert_eq!((cluster.journal().executions("insert"), questions(&cluster)), (copies, 1), "{phase:?}");
        assert_eq!(found, stored_revision(&cluster).await);
    }
}

async fn q2_a_refusal_by_the_own_effect_is_a_success(class: RequestClass) {
    let cluster = cluster().await;
    let repeated = Fault::response(409, 1210, "unique constraint violated").after_execution();
    let _repeated = cluster.inject(&on_inserts(repeated));
    let found = run(&client(&cluster), insert(class)).await.unwrap();
    assert_eq!((cluster.journal().executions("insert"), questions(&cluster)), (1, 1));
    assert_eq!(found, stored_revision(&cluster).await);
}

async fn q3_the_effect_of_another_write_is_not_taken_for_its_own(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    run(&client, InsertOnce { title: "other", ..insert(class) }).await.unwrap();
    let error = run(&client, insert(class)).await.unwrap_err();
    assert_eq!(error.resolution(), Some(Resolution::Superseded));
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UniqueViolation, Outcome::NotExecuted));
    assert_eq!((cluster.journal().executions("insert"), questions(&cluster)), (2, 1));
}

async fn q4_an_effect_that_is_not_there_proves_nothing(class: RequestClass) {
    let cluster = cluster().await;
    let _lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterRead)));
    let error = run(&client(&cluster), insert(class)).await.unwrap_err();
    assert_eq!((error.resolution(), error.outcome()), (Some(Resolution::NotSeen), Outcome::Unknown));
    assert!(error.to_string().contains("a copy of it may still be executed"), "{error}");
    assert_eq!((cluster.journal().executions("insert"), questions(&cluster)), (0, 1));
}

async fn q5_a_question_that_is_not_answered_is_reported(class: RequestClass) {
    let cluster = cluster().await;
    let _lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterExecution)));
    let _failing = cluster.inject(&on_reads(Fault::response(503, 1478, "no DB-Server")));
    let error = run(&client(&cluster), insert(class)).await.unwrap_err();
    assert_eq!((error.resolution(), error.outcome()), (Some(Resolution::Failed), Outcome::Unknown));
    let report = error.report().to_string();
    assert!(report.contains("\n  then test.read: ") && report.contains("no DB-Server"), "{report}");
    assert_eq!(error.operation(), "test.insert_once");
    let copies = if class == RequestClass::NonIdempotent { 1 } else { 4 };
    assert_eq!(cluster.journal().executions("insert"), copies);
}

async fn q5_a_refused_question_is_asked_once(class: RequestClass) {
    let cluster = cluster().await;
    let _lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterExecution)));
    let _refused = cluster.inject(&on_reads(Fault::response(403, 11, "forbidden")));
    let error = run(&client(&cluster), insert(class)).await.unwrap_err();
    assert_eq!((error.resolution(), questions(&cluster)), (Some(Resolution::Failed), 1));
}

async fn q6_without_time_nothing_is_asked(class: RequestClass) {
    let cluster = cluster().await;
    let limits = Limits::default().total(Duration::from_secs(3));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let _hanging = cluster.inject(&on_inserts(Fault::hang()));
    let began = Instant::now();
    let error = run(&client, insert(class)).await.unwrap_err();
    assert_eq!((error.kind(), error.resolution()), (ErrorKind::DeadlineExceeded, Some(Resolution::Failed)));
    assert_eq!((began.elapsed().as_secs(), questions(&cluster)), (3, 0));
}

async fn q6_without_a_retry_budget_nothing_is_asked(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _failing = cluster.inject(&Fault::response(503, 1478, "no DB-Server").on(Match::get("/_admin/*")));
    while client.state().retries_left > 0 {
        client.cluster().server_role().await.unwrap_err();
    }
    let _lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterExecution)));
    let error = run(&client, insert(class)).await.unwrap_err();
    assert_eq!(
        (error.resolution(), questions(&cluster)),
        (Some(Resolution::Failed), 0),
        "{}",
        error.report()
    );
}

async fn q7_a_failure_without_doubt_asks_nothing(class: RequestClass) {
    for (status, number) in [(400, 600), (403, 11), (404, 1203), (412, 1200)] {
        let cluster = cluster().await;
        let _refused = cluster.inject(&on_inserts(Fault::response(status, number, "no")));
        let error = run(&client(&cluster), insert(class)).await.unwrap_err();
        assert_eq!((error.resolution(), questions(&cluster)), (None, 0), "{status}/{number}");
    }
}

async fn q7_a_write_without_a_failure_asks_nothing(class: RequestClass) {
    let cluster = cluster().await;
    run(&client(&cluster), insert(class)).await.unwrap();
    assert_eq!((cluster.journal().executions("insert"), questions(&cluster)), (1, 0));
}

async fn q8_a_question_is_repeated_until_the_effect_is_there_or_its_time_is_over(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let single = CallOptions::default().retry(RetryPolicy::disabled());
    let database = client.db("_system").options(single);
    let repeated = InsertOnce { resolution_timeout: Duration::from_secs(10), ..insert(class) };
    // The document is not there for the first two questions, as if the request was still executed.
    let lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterExecution)));
    let hidden = cluster.inject(&on_reads(Fault::response(404, 1202, "not found").times(1)));
    database.execute_resolving(repeated).await.unwrap();
    let asked = questions(&cluster);
    assert!((2..=4).contains(&asked), "{asked}");
    drop((lost, hidden));

    let other = InsertOnce { title: "late", ..repeated };
    let _lost = cluster.inject(&on_inserts(Fault::close(Phase::AfterRead)));
    let _hidden = cluster.inject(&on_reads(Fault::response(404, 1202, "not found")));
    let began = Instant::now();
    let error = database.execute_resolving(other).await.unwrap_err();
    assert_eq!((error.resolution(), began.elapsed().as_secs()), (Some(Resolution::NotSeen), 10));
    assert!(questions(&cluster) - asked < 15, "the pauses grow");
}
