//! Refusals by ArangoDB.

use arango::cluster::ServerId;
use arango::{CallOptions, Client, RetryPolicy};
use arango_test_cluster::{Fault, Match};

use super::{Page, on_writes, read, write, write_at_one};
use crate::support::{builder, cluster_of, cluster_with};

/// Situation, status, number, and what the server says.
const REFUSALS: [(&str, u16, u32, &str); 26] = [
    ("Not authorized", 401, 11, "not authorized to execute this request"),
    ("A right is missing", 403, 11, "forbidden"),
    ("Only in the database _system", 403, 1230, "operation only allowed in system database"),
    ("The server is read-only", 403, 1004, "read only"),
    ("The database is not there", 404, 1228, "database not found"),
    ("The collection is not there", 404, 1203, "collection or view not found"),
    ("The cursor is gone", 404, 1600, "cursor not found"),
    ("The cursor is in use", 409, 1601, "cursor is busy"),
    ("Two writes met", 409, 1200, "write-write conflict"),
    (
        "The key is taken",
        409,
        1210,
        "unique constraint violated - in index primary of type primary over '_key'",
    ),
    ("The revision is another", 412, 1200, "conflict, _rev values do not match"),
    ("The query was killed", 410, 1500, "query killed"),
    (
        "The query is wrong",
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
    ("A DB-Server does not answer", 500, 1457, "timeout in cluster operation"),
    ("The leader of a shard resigned", 503, 1491, "leader of shard has resigned"),
    ("The agency does not answer", 500, 1454, "could not read plan from agency"),
    ("The server does not know the call", 501, 9, "not implemented"),
    ("It is not supported in a cluster", 501, 1470, "this operation is not supported in a cluster"),
    ("The server failed", 500, 4, "internal error: out of file descriptors"),
    ("The server acted for too long", 408, 504, "gateway timeout"),
];

pub(super) async fn situations(page: &mut Page) {
    page.section("Refusals by ArangoDB");
    for (situation, status, number, message) in REFUSALS {
        page.error(situation, &write_at_one(Fault::answer(status, number, message)).await);
    }
    let long = format!("first\r\n\tsecond \u{1b}[31mred\u{1b}[0m {}", "x".repeat(60 * 1024));
    page.error(
        "A message of several lines, with escape sequences, of 60 KiB",
        &write_at_one(Fault::answer(500, 4, long)).await,
    );
    page.error("A message that is empty", &write_at_one(Fault::answer(400, 600, "")).await);

    let cluster = cluster_of(1).await;
    let nobody = Client::builder()
        .hosts(cluster.urls())
        .connect(crate::support::Memory::of(&cluster))
        .build()
        .unwrap();
    page.error("No credentials are set", &read(&nobody).await);
    let wrong = builder(&cluster).basic_auth("root", "s3cret").build().unwrap();
    page.error("A wrong password with each request", &read(&wrong).await);
    let client = builder(&cluster).build().unwrap();
    page.error("A database that is not there", &client.db("shop").version().await.unwrap_err());
    let unknown: ServerId = "PRMR-00000000-0000-0000-0000-000000000000".into();
    page.error(
        "A server that the cluster does not know",
        &client.cluster().server_version(&unknown).await.unwrap_err(),
    );

    let _busy = on_writes(&cluster, Fault::answer(409, 1200, "write-write conflict"));
    let repeating = CallOptions::default().retry(RetryPolicy::default().on_conflict(2));
    let insert = crate::support::insert("m", arango::protocol::RequestClass::NonIdempotent);
    let conflict = client.db("_system").options(repeating).execute(insert).await.unwrap_err();
    page.error("A conflict that is repeated twice", &conflict);

    let older = cluster_with(|how| how.coordinators(1).version("3.11")).await;
    let client = builder(&older).build().unwrap();
    let one = client.coordinators()[0].address.clone();
    page.error(
        "The server is too old, by its answer",
        &client.coordinator(&one).api_calls().await.unwrap_err(),
    );
    page.error(
        "The server is too old, as is known",
        &client.coordinator(&one).api_calls().await.unwrap_err(),
    );

    let cluster = crate::support::cluster().await;
    let down = Fault::answer(503, 503, "service unavailable due to startup or maintenance mode");
    let _down: Vec<_> =
        cluster.coordinators().iter().map(|one| one.inject(down.clone().on(Match::any()))).collect();
    page.error("All of three coordinators are starting", &write(&builder(&cluster).build().unwrap()).await);
}
