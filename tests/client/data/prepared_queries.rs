//! Queries with one row, prepared queries, and queries that run on the server.

use std::time::Duration;

use arango::data::{Aql, KillStatus};
use arango::{Database, ErrorKind, Limits, Outcome};
use arango_test_cluster::TestCluster;
use serde_json::Value;
use tokio::time::sleep;

use super::{book, books};
use crate::support::{builder, client, cluster};

fn range(database: &Database, rows: u32) -> arango::data::Query<u32> {
    database.query(Aql::new("FOR i IN 1..@rows FILTER @rows > 0 RETURN i").bind("rows", rows)).batch_size(1)
}

#[tokio::test(start_paused = true)]
async fn a_second_row_is_an_error_where_one_is_expected() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    assert_eq!(range(&database, 0).optional().await.unwrap(), None);
    assert_eq!(range(&database, 1).optional().await.unwrap(), Some(1));
    assert_eq!(range(&database, 1).one().await.unwrap(), 1);
    for error in [
        range(&database, 0).one().await.unwrap_err(),
        range(&database, 2).one().await.unwrap_err(),
        range(&database, 3).optional().await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed), "{error}");
        assert!(
            error.to_string().contains("where one is expected") && error.coordinator().is_some(),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_prepared_query_is_checked_once_and_executed_with_other_values() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    books(&client(&cluster)).insert(&book("Dune")).await.unwrap();
    let text = "FOR b IN @@books FILTER b.title != 'remove' && b.year >= @from RETURN b.year";
    let query = Aql::new(text).collection("books", &database.collection("books")).bind("from", 0);
    assert!(!query.is_read_only(), "the text does not prove it");
    let prepared = database.prepare(query).await.unwrap();
    assert!(prepared.is_read_only());
    assert_eq!(database.query::<u16>(prepared.clone()).all().await.unwrap(), [1965]);
    assert!(database.query::<u16>(prepared.rebind("from", 1966)).all().await.unwrap().is_empty());

    let writing = database.prepare(Aql::new("FOR b IN books REMOVE b IN books")).await.unwrap();
    assert!(!writing.is_read_only());
    let missing = database.prepare(Aql::new("FOR m IN movies RETURN m")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::CollectionNotFound, "{missing}");
    let invalid =
        database.query::<Value>(Aql::new("FOR b IN @@b RETURN b").collection("b", "a/b")).all().await;
    assert_eq!(invalid.unwrap_err().kind(), ErrorKind::Request);
}

/// Returns how many queries run on any coordinator.
async fn running(cluster: &TestCluster) -> usize {
    client(cluster).db("_system").queries().running().await.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_query_that_the_client_has_given_up_is_ended_by_the_server() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let query = Aql::new("FOR i IN 1..100 RETURN SLEEP(0.5)");
    client.db("_system").query::<Value>(query).all().await.unwrap_err();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(running(&cluster).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_query_with_a_longer_runtime_is_waited_for() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(2));
    let database = builder(&cluster).limits(limits).build().unwrap().db("_system");
    let query = || database.query::<u8>(Aql::new("FOR i IN 1..2 LET s = SLEEP(5) RETURN i"));
    assert_eq!(query().max_runtime(Duration::from_secs(60)).all().await.unwrap(), [1, 2]);
    assert_eq!(query().all().await.unwrap_err().kind(), ErrorKind::AttemptTimeout);
}

#[tokio::test(start_paused = true)]
async fn a_running_query_is_listed_and_killed() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let other = database.clone();
    let slow = tokio::spawn(async move {
        other.query::<Value>(Aql::new("FOR i IN 1..100 RETURN SLEEP(1)")).all().await.unwrap_err()
    });
    sleep(Duration::from_secs(2)).await;
    let queries = database.queries();
    let running = queries.running().await.unwrap();
    assert_eq!(running.len(), 1);
    assert_eq!(queries.kill(&running[0].id).await.unwrap(), KillStatus::Marked);
    assert_eq!(slow.await.unwrap().kind(), ErrorKind::QueryKilled);
    assert_eq!(queries.kill(&running[0].id).await.unwrap(), KillStatus::NotRunning);
    queries.clear_slow().await.unwrap();
    assert!(queries.slow().await.unwrap().is_empty());
}
