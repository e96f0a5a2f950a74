//! Errors for requests that ArangoDB rejects.

use arango::cluster::ServerId;
use arango::{CallOptions, Client, RetryPolicy};
use arango_test_cluster::{Fault, Match};

use super::{Page, on_writes, read, write, write_to_one};
use crate::support::{builder, cluster_of, cluster_with};

/// Situation, status, error number and message of the server.
const REFUSALS: [(&str, u16, u32, &str); 26] = [
    ("Not authorized", 401, 11, "not authorized to execute this request"),
    ("A permission is missing", 403, 11, "forbidden"),
    ("Only in the database _system", 403, 1230, "operation only allowed in system database"),
    ("The server is read-only", 403, 1004, "read only"),
    ("The database does not exist", 404, 1228, "database not found"),
    ("The collection does not exist", 404, 1203, "collection or view not found"),
    ("The cursor does not exist", 404, 1600, "cursor not found"),
    ("The cursor is in use", 409, 1601, "cursor is busy"),
    ("Two writes conflict", 409, 1200, "write-write conflict"),
    (
        "The key exists already",
        409,
        1210,
        "unique constraint violated - in index primary of type primary over '_key'",
    ),
    ("The revision does not match", 412, 1200, "conflict, _rev values do not match"),
    ("The query was killed", 410, 1500, "query killed"),
    (
        "The query has a syntax error",
        400,
        1501,
        "syntax error, unexpected identifier near 'FRO x IN books' at position 1:1",
    ),
    ("The coordinator is starting", 503, 503, "service unavailable due to startup or maintenance mode"),
    ("The coordinator is shutting down", 503, 30, "shutdown in progress"),
    ("The queue is full", 503, 21003, "queue is full"),
    ("The queue is too slow", 412, 21004, "dispatch queue time violated"),
    ("A DB-Server cannot be reached", 503, 1478, "required backend was not available"),
    ("The connection to a DB-Server broke", 503, 1465, "cluster internal HTTP connection broken"),
    ("A DB-Server does not respond", 500, 1457, "timeout in cluster operation"),
    ("The leader of a shard resigned", 503, 1491, "leader of shard has resigned"),
    ("The agency does not respond", 500, 1454, "could not read plan from agency"),
    ("The server does not implement the call", 501, 9, "not implemented"),
    ("The call is not supported in a cluster", 501, 1470, "this operation is not supported in a cluster"),
    ("The server failed", 500, 4, "internal error: out of file descriptors"),
    ("The server timed out", 408, 504, "gateway timeout"),
];

pub(super) async fn situations(page: &mut Page) {
    page.section("Errors from ArangoDB");
    for (situation, status, number, message) in REFUSALS {
        page.error(situation, &write_to_one(Fault::response(status, number, message)).await);
    }
    let long = format!("first\r\n\tsecond \u{1b}[31mred\u{1b}[0m {}", "x".repeat(60 * 1024));
    page.error(
        "A message of several lines, with escape sequences, of 60 KiB",
        &write_to_one(Fault::response(500, 4, long)).await,
    );
    page.error("An empty message", &write_to_one(Fault::response(400, 600, "")).await);

    let cluster = cluster_of(1).await;
    let anonymous = Client::builder()
        .hosts(cluster.urls())
        .connect(crate::support::InMemoryConnector::new(&cluster))
        .build()
        .unwrap();
    page.error("No credentials are set", &read(&anonymous).await);
    let wrong = builder(&cluster).basic_auth("root", "s3cret").build().unwrap();
    page.error("A wrong password with each request", &read(&wrong).await);
    let client = builder(&cluster).build().unwrap();
    page.error("A database that does not exist", &client.db("shop").version().await.unwrap_err());
    let unknown: ServerId = "PRMR-00000000-0000-0000-0000-000000000000".into();
    page.error(
        "A server that the cluster does not know",
        &client.cluster().server_version(&unknown).await.unwrap_err(),
    );

    let _busy = on_writes(&cluster, Fault::response(409, 1200, "write-write conflict"));
    let with_conflict_retries = CallOptions::default().retry(RetryPolicy::default().conflicts(2));
    let insert = crate::support::insert("m", arango::protocol::RequestClass::NonIdempotent);
    let conflict = client.db("_system").options(with_conflict_retries).execute(insert).await.unwrap_err();
    page.error("A conflict that is retried twice", &conflict);

    let old_cluster = cluster_with(|cluster| cluster.coordinators(1).version("3.11")).await;
    let client = builder(&old_cluster).build().unwrap();
    let one = client.coordinators()[0].address.clone();
    page.error(
        "The server is too old, according to its response",
        &client.coordinator(&one).api_calls().await.unwrap_err(),
    );
    page.error(
        "The server is too old, according to its cached version",
        &client.coordinator(&one).api_calls().await.unwrap_err(),
    );

    let cluster = crate::support::cluster().await;
    let down = Fault::response(503, 503, "service unavailable due to startup or maintenance mode");
    let _down = cluster.inject(&down.clone().on(Match::any()));
    page.error("All of three coordinators are starting", &write(&builder(&cluster).build().unwrap()).await);
}
