//! The questions that callers ask of an error, each in the situation that it is meant for.

use std::time::Duration;

use arango::cluster::ServerId;
use arango::protocol::RequestClass;
use arango::{Client, Error, ErrorCategory, Limits};
use arango_test_cluster::Fault;

use crate::support::{Insert, builder, client, cluster};

/// The questions that an error says yes to.
fn answers(error: &Error) -> Vec<&'static str> {
    let questions = [
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("not found", error.is_not_found()),
        ("conflict", error.is_conflict()),
        ("unauthorized", error.is_unauthorized()),
        ("unsupported", error.is_unsupported()),
        ("server error", error.server_error().is_some()),
    ];
    questions.into_iter().filter(|(_, holds)| *holds).map(|(question, _)| question).collect()
}

#[tokio::test(start_paused = true)]
async fn an_unknown_database_is_not_found_and_carries_the_error_object_of_the_server() {
    let cluster = cluster().await;
    let error = client(&cluster).db("unknown").version().await.unwrap_err();
    assert_eq!(
        (error.category(), answers(&error)),
        (ErrorCategory::NotFound, vec!["not found", "server error"])
    );
    assert_eq!(error.server_error().unwrap().number.0, 1228);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_exists_is_a_conflict() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let conflict = Fault::response(409, 1210, "unique constraint violated");
    let _faults = cluster.inject(&conflict);
    let insert = Insert { marker: "m1".to_owned(), class: RequestClass::NonIdempotent, padding: 0 };
    let error = client.db("_system").execute(insert).await.unwrap_err();
    assert_eq!(
        (error.category(), answers(&error)),
        (ErrorCategory::Conflict, vec!["conflict", "server error"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_unauthorized() {
    let cluster = cluster().await;
    let client = builder(&cluster).basic_auth("root", "wrong").build().unwrap();
    let error = client.cluster().health().await.unwrap_err();
    let expected = (ErrorCategory::Authentication, vec!["unauthorized", "server error"]);
    assert_eq!((error.category(), answers(&error)), expected);
}

#[tokio::test(start_paused = true)]
async fn a_missing_response_is_a_timeout() {
    let cluster = cluster().await;
    let _faults = cluster.inject(&Fault::hang());
    let limits = Limits::default().total(Duration::from_secs(5));
    let error = builder(&cluster).limits(limits).build().unwrap().cluster().health().await.unwrap_err();
    assert_eq!((error.category(), answers(&error)), (ErrorCategory::Timeout, vec!["timeout"]));
}

#[tokio::test(start_paused = true)]
async fn coordinators_that_refuse_connections_are_a_failed_connect() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    let error = client.cluster().health().await.unwrap_err();
    assert_eq!((error.category(), answers(&error)), (ErrorCategory::Connection, vec!["connect"]));
}

#[tokio::test(start_paused = true)]
async fn an_invalid_argument_answers_no_question() {
    let client = Client::builder().hosts("http://127.0.0.1:1").build().unwrap();
    let server = ServerId::from("");
    let error = client.cluster().server_version(&server).await.unwrap_err();
    assert_eq!((error.category(), answers(&error)), (ErrorCategory::InvalidRequest, vec![]));
}
