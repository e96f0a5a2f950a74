//! Labels by which queries are found while they run.

use std::time::Duration;

use arango::data::{Aql, QueryTag};
use arango::{Database, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::{client, cluster, cluster_with};

const SLOW: &str = "FOR i IN 1..100 LET s = SLEEP(1) RETURN i";

fn queries(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/cursor").count()
}

/// Runs a slow query with a tag, in a task.
fn run(database: &Database, tag: &str) -> (QueryTag, JoinHandle<arango::Result<Vec<Value>>>) {
    let query = database.query(Aql::new(SLOW)).max_runtime(Duration::from_secs(600)).tagged(tag);
    let tag = query.tag().unwrap().clone();
    (tag, tokio::spawn(query.all()))
}

#[tokio::test(start_paused = true)]
async fn queries_of_all_coordinators_are_found_and_killed_by_their_tag() {
    for version in ["3.10", "3.12", "4.0"] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let database = client(&cluster).db("_system");
        let runs: Vec<_> =
            ["invoice-1", "invoice-1", "invoice-1", "invoice-17"].map(|tag| run(&database, tag)).into();
        sleep(Duration::from_secs(2)).await;
        let owners = cluster.journal().requests_per_coordinator();
        assert!(owners.iter().all(|requests| *requests > 0), "on all coordinators: {owners:?}");

        let queries = database.queries();
        assert_eq!(queries.running_with("invoice-1").await.unwrap().len(), 3);
        assert_eq!(queries.running_with(&runs[0].0).await.unwrap().len(), 1, "a nonce names one run");
        assert!(queries.running_with("invoice").await.unwrap().is_empty());
        assert_eq!(queries.kill_with(&runs[0].0).await.unwrap().len(), 1);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(queries.running_with("invoice-1").await.unwrap().len(), 2);
        assert_eq!(queries.kill_with("invoice-1").await.unwrap().len(), 2);
        sleep(Duration::from_secs(2)).await;
        assert!(queries.running_with("invoice-1").await.unwrap().is_empty());
        assert!(queries.kill_with("invoice-1").await.unwrap().is_empty());
        assert_eq!(queries.running_with("invoice-17").await.unwrap().len(), 1);
        for (tag, run) in runs.into_iter().filter(|(tag, _)| tag.label() == "invoice-1") {
            assert_eq!(run.await.unwrap().unwrap_err().kind(), ErrorKind::QueryKilled, "{tag}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_cannot_be_killed_keeps_no_other_one_from_being_killed() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let runs: Vec<_> = ["invoice-1", "invoice-1", "invoice-1"].map(|tag| run(&database, tag)).into();
    sleep(Duration::from_secs(2)).await;
    let refusal = Fault::response(403, 11, "forbidden").on(Match::delete("/_api/query/*")).times(1);
    let _refused = cluster.coordinator(0).inject(refusal);
    let killed = database.queries().kill_with("invoice-1").await.unwrap();
    let refused = killed.iter().filter(|(_, status)| status.is_err()).count();
    assert!(killed.len() == 3 && (1..3).contains(&refused), "{killed:?}");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(database.queries().running_with("invoice-1").await.unwrap().len(), refused);
    drop(runs);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_writes_is_found_after_its_response_was_lost_and_is_sent_once() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let lost = Fault::close(Phase::AfterRead).on(Match::method(Method::POST, "/_api/cursor"));
    let update = "FOR i IN 1..10 LET s = SLEEP(1) INSERT { year: i } INTO books";
    let query = database.query::<Value>(Aql::new(update)).tagged("invoice-17");
    let started = tokio::spawn(query.finish());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(database.queries().running_with("invoice-17").await.unwrap().len(), 1);
    started.abort();
    started.await.unwrap_err();
    // The coordinator goes on without the connection.
    assert_eq!(database.queries().running_with("invoice-17").await.unwrap().len(), 1);
    sleep(Duration::from_secs(20)).await;
    assert!(database.queries().running_with("invoice-17").await.unwrap().is_empty());
    assert_eq!((database.collection("books").count().await.unwrap(), queries(&cluster)), (10, 1));

    let _lost = cluster.inject(&lost);
    let error = database.query::<Value>(Aql::new(update)).tagged("invoice-18").finish().await.unwrap_err();
    assert_eq!((error.outcome(), queries(&cluster)), (Outcome::Unknown, 2));
}

#[tokio::test(start_paused = true)]
async fn a_query_with_a_tag_still_proves_that_it_only_reads() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let lost = Fault::close(Phase::AfterExecution).on(Match::method(Method::POST, "/_api/cursor"));
    let _lost = cluster.coordinator(0).inject(lost.times(1));
    for run in 0..3 {
        let query = database.query::<u8>(Aql::new("RETURN 1")).tagged("report");
        assert_eq!(query.one().await.unwrap(), 1, "{run}");
    }
    assert_eq!(queries(&cluster), 4, "one was sent again");
}

#[tokio::test(start_paused = true)]
async fn an_invalid_tag_is_refused_by_name_and_nothing_is_sent() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    for (tag, reason) in
        [("nightly-remove", "contains the word `remove`"), ("a*/ RETURN 1", "another character")]
    {
        let query = database.query::<u8>(Aql::new("RETURN 1")).tagged(tag);
        assert!(query.tag().is_none());
        let error = query.all().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(database.queries().running_with(tag).await.unwrap_err().kind(), ErrorKind::Request);
    }
    assert!(cluster.journal().entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_place_of_a_syntax_error_is_shown_with_the_tag() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let tag = QueryTag::new("report").unwrap().with_nonce([1; 8]);
    let query = database.query::<u8>(Aql::new("RETURN 1 FITLER")).tagged(&tag);
    let error = query.all().await.unwrap_err();
    let text = error.report().to_string();
    let line = text.lines().position(|line| line.contains("FITLER") && line.contains("/* arango:")).unwrap();
    let (shown, mark) = (text.lines().nth(line).unwrap(), text.lines().nth(line + 1).unwrap());
    assert_eq!(shown.find("FITLER"), mark.find('^'), "{text}");
}
