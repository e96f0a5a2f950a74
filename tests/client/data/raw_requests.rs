//! Requests that the program writes by path.

use std::time::Duration;

use arango::balance::MemberState;
use arango::data::RawRequest;
use arango::http::header::IF_MATCH;
use arango::http::{HeaderName, Method};
use arango::protocol::{ErrorNumber, RequestClass};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Entry, Fault, Match, Phase, TestCluster};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{book, books, stored};
use crate::not_arangodb::respond_as_other_service;
use crate::support::{client, cluster, cluster_with};

const MARKER: HeaderName = HeaderName::from_static("x-sim-marker");

fn insert(client: &Client) -> RawRequest {
    let insert = client.db("_system").raw(Method::POST, "/_api/document").segment("books");
    insert.header(MARKER, "m").json(&book("Dune"))
}

/// Closes the connection once, after the request was executed.
fn lost_response() -> Fault {
    Fault::close(Phase::AfterExecution).on(Match::any()).times(1)
}

fn marked(cluster: &TestCluster) -> Vec<Entry> {
    let entries = cluster.journal().entries();
    entries.into_iter().filter(|entry| entry.marker.as_deref() == Some("m")).collect()
}

/// Returns the coordinators that have read a copy of the request, in order.
fn readers(cluster: &TestCluster) -> Vec<usize> {
    marked(cluster).iter().map(|entry| entry.coordinator).collect()
}

#[tokio::test(start_paused = true)]
async fn path_query_headers_and_body_are_sent_and_the_response_is_returned() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.create_database("shop").await.unwrap().create_collection("a b").await.unwrap();

    let insert = client.db("shop").raw(Method::POST, "_api/document/a b").query("returnNew", "true");
    let response = insert.query("silent", "false").header(MARKER, "m").json(&book("Dune")).await.unwrap();

    assert_eq!(response.status(), 202);
    assert!(response.headers().contains_key("etag"));
    let inserted: Value = response.json().unwrap();
    assert_eq!(inserted["new"]["title"], "Dune");
    let entry = marked(&cluster).remove(0);
    assert_eq!((&*entry.database, &*entry.path), ("shop", "/_api/document/a%20b"));
    assert_eq!(entry.query, "returnNew=true&silent=false");

    let read = client.db("shop").raw(Method::GET, "/_api/document").segment("a b");
    let read = read.segment(inserted["_key"].as_str().unwrap());
    let refused = read.header(IF_MATCH, "\"_other\"").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PreconditionFailed);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_decoded_and_a_field_that_is_missing_is_named() {
    #[derive(Debug, Deserialize)]
    struct Properties {
        name: String,
        shards: Option<u64>,
    }
    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "it is not decoded")]
        colour: String,
    }
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let read = || database.raw(Method::GET, "/_api/collection/books");

    let books = read().decode::<Properties>().await.unwrap();
    assert_eq!((&*books.name, books.shards), ("books", None));
    let error = read().decode::<Other>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.report().to_string().contains("colour"), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_response_is_of_another_type_than_the_programs_was_executed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let error = insert(&client).decode::<Vec<u8>>().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed), "{error}");
    assert_eq!((cluster.journal().executions("m"), client.state().calls.failed_unknown), (1, 0));

    // A stream is undone with its cursor, unless it has ended.
    for (batch_size, outcome) in [(1, Outcome::Unknown), (10, Outcome::Executed)] {
        let text = "FOR i IN 1..3 INSERT { year: i } INTO books RETURN i";
        let body = json!({ "query": text, "batchSize": batch_size, "options": { "stream": true } });
        let query = client.db("_system").raw(Method::POST, "/_api/cursor").json(&body);
        let error = query.decode::<Vec<u8>>().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, outcome), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_whose_response_is_lost_is_sent_to_another_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _fault = cluster.coordinator(0).inject(lost_response());

    client.cluster().raw(Method::GET, "/_api/version").header(MARKER, "m").await.unwrap();

    assert_eq!(readers(&cluster), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_class_is_executed_once_and_its_outcome_is_unknown() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        cluster.journal().clear();
        let _fault = cluster.inject(&lost_response());
        let write = client.db("_system").raw(method.clone(), "/_api/document/books").header(MARKER, "m");
        let error = write.json(&json!([])).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{method}: {error}");
        assert_eq!(cluster.journal().executions("m"), 1, "{method}");
    }

    cluster.journal().clear();
    let _fault = cluster.inject(&lost_response());
    let error = insert(&client).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!((cluster.journal().executions("m"), stored(&cluster).await), (1, 1));
}

/// Responses of other services that are JSON.
const FOREIGN: [&str; 5] = [r#"{"status":"ok"}"#, "{}", "[]", "\"ok\"", r#"{"error":false}"#];

#[tokio::test(start_paused = true)]
async fn json_of_another_service_is_no_response_to_a_read() {
    for body in FOREIGN {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _other = respond_as_other_service(cluster.coordinator(0), 200, "application/json", body);
        for _ in 0..6 {
            let version = client.cluster().raw(Method::GET, "/_api/version").await.unwrap();
            assert_eq!(version.json::<Value>().unwrap()["server"], "arango", "{body}");
            let version = client.cluster().raw(Method::GET, "/_api/version").decode::<Value>().await.unwrap();
            assert_eq!(version["server"], "arango", "{body}");
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(client.coordinators()[0].state, MemberState::Ejected, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn json_of_another_service_leaves_a_write_unknown_and_executed_at_most_once() {
    for body in FOREIGN {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other = respond_as_other_service(cluster.coordinator(0), 201, "application/json", body);
        let error = insert(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotArangoDb, Outcome::Unknown), "{error}");
        assert_eq!(
            (other.hits(), error.attempts().len(), cluster.journal().executions("m")),
            (1, 1, 0),
            "{body}"
        );
        drop(other);

        // The response of a gateway in place of that of a coordinator which has executed the request.
        let fault = Fault::raw_response(201, "application/json", body).after_execution().times(1);
        let _lost = cluster.coordinator(1).inject(fault.on(Match::post("/_api/document/*")));
        let error = insert(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotArangoDb, Outcome::Unknown), "{error}");
        assert_eq!((cluster.journal().executions("m"), stored(&cluster).await), (1, 1), "{body}");

        let fault = Fault::raw_response(201, "application/json", body).after_execution().times(1);
        let _lost = cluster.coordinator(2).inject(fault.on(Match::post("/_api/document/*")));
        insert(&client).class(RequestClass::Idempotent).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 3, "{body}: once more, elsewhere");
    }
}

#[tokio::test(start_paused = true)]
async fn arangodb_without_product_headers_answers_requests_by_path() {
    let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
    let client = client(&cluster);
    for _ in 0..3 {
        let inserted: Value = insert(&client).await.unwrap().json().unwrap();
        let read = client.db("_system").raw(Method::GET, "/_api/document/books");
        let read = read.segment(inserted["_key"].as_str().unwrap()).await.unwrap();
        assert_eq!(read.json::<Value>().unwrap()["title"], "Dune");
        client.db("_system").raw(Method::GET, "/_api/collection/books").await.unwrap();
        client.cluster().raw(Method::GET, "/_admin/cluster/health").decode::<Value>().await.unwrap();
    }
    assert_eq!((cluster.journal().executions("m"), stored(&cluster).await), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_declared_idempotent_is_repeated() {
    let cluster = cluster().await;
    let key = books(&client(&cluster)).insert(&book("Emma")).await.unwrap().key;
    let _fault = cluster.coordinator(0).inject(lost_response());

    let replace =
        client(&cluster).db("_system").raw(Method::PUT, "/_api/document/books").segment(key.as_str());
    let replace = replace.header(MARKER, "m").json(&book("Dune")).class(RequestClass::Idempotent);
    let response = replace.await.unwrap();

    assert_eq!(response.status(), 202);
    assert_eq!((readers(&cluster), cluster.journal().executions("m")), (vec![0, 1], 2));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_no_coordinator_has_read_is_sent_to_another_one() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();

    for _ in 0..3 {
        insert(&client).await.unwrap();
    }

    assert_eq!((cluster.journal().executions("m"), stored(&cluster).await), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn one_coordinator_gets_what_is_sent_through_its_handle() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let second = client.coordinators()[1].address.clone();

    for _ in 0..3 {
        let status = client.coordinator(&second).raw(Method::GET, "/_admin/status").header(MARKER, "m");
        status.await.unwrap();
    }

    assert_eq!(readers(&cluster), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_error_response_is_an_error_with_its_number() {
    let cluster = cluster().await;
    let unknown = client(&cluster).db("_system").raw(Method::GET, "/_api/collection/unknown");
    let error = unknown.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CollectionNotFound);
    assert_eq!(error.error_number(), Some(ErrorNumber(1203)));
    assert_eq!(error.path(), "/_api/collection/unknown");
}

#[tokio::test(start_paused = true)]
async fn a_path_that_would_mean_another_request_is_refused_before_anything_is_sent() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for (path, expected) in [
        ("/_api/version?details=true", "its parameters are set with `query`"),
        ("/_db/shop/_api/version", "it is that of the handle"),
        ("http://127.0.0.1:8529/_api/version", "must not name a host: the client picks the coordinator"),
        ("/_api/../_admin/shutdown", "means another path"),
        ("/_api//version", "is empty"),
        ("", "is empty"),
    ] {
        let error = client.db("_system").raw(Method::DELETE, path).header(MARKER, "m").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
        let report = error.report().to_string();
        assert!(report.contains(expected) && report.contains("DELETE"), "{report}");
    }
    let error = client.db("").raw(Method::GET, "/_api/version").await.unwrap_err();
    assert!(error.report().to_string().contains("database"), "{}", error.report());
    assert!(cluster.journal().entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn secrets_of_a_request_are_not_in_its_debug_output() {
    let cluster = cluster().await;
    let request = client(&cluster).db("_system").raw(Method::POST, "/_open/auth").query("a", "s3cret");
    let request = request.header(MARKER, "s3cret").json(&json!({ "password": "s3cret" }));
    let text = format!("{request:?}");
    assert!(text.contains("POST") && !text.contains("s3cret"), "{text}");

    let misplaced = client(&cluster).db("_system").raw(Method::GET, "/_api/version?token=s3cret");
    let text = format!("{misplaced:?}");
    assert!(text.contains("/_api/version") && !text.contains("s3cret"), "{text}");
    let refused = misplaced.await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("s3cret"), "{refused:?}");
}
