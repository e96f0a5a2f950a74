//! Queries: their rows, options and classes, and the end of their cursors.

use std::time::Duration;

use arango::data::{Aql, CollectionName, QueryOptions};
use arango::{CallOptions, Client, Database, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Book;
use crate::support::{builder, client, cluster, cluster_with};

pub(super) const ALL: &str = "FOR b IN books SORT b.year RETURN b.year";

/// Inserts `count` books with the years from 0 on.
pub(super) async fn fill(client: &Client, count: u16) -> Database {
    let database = client.db("_system");
    let books = database.collection("books");
    for year in 0..count {
        books.insert(&Book { title: format!("{year}"), year }).await.unwrap();
    }
    database
}

pub(super) fn years(count: u16) -> Vec<u16> {
    (0..count).collect()
}

/// Returns how many requests of this method reached cursors.
pub(super) fn cursor_requests(cluster: &TestCluster, method: &str) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == method && entry.path.starts_with("/_api/cursor/")).count()
}

#[tokio::test(start_paused = true)]
async fn rows_are_read_batch_by_batch_and_decoded() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 10).await;
    let query = || database.query::<u16>(Aql::new(ALL)).batch_size(3);
    assert_eq!(query().all().await.unwrap(), years(10));
    let mut cursor = query().count().await.unwrap();
    assert_eq!(cursor.count(), Some(10));
    let mut rows = Vec::new();
    while let Some(row) = cursor.try_next().await.unwrap() {
        rows.push(row);
    }
    assert_eq!((rows, cursor.lost()), (years(10), None));
    assert_eq!(query().first().await.unwrap(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn the_list_of_all_rows_has_room_for_them_and_for_no_more_if_there_is_one_batch() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 37).await;
    let rows = database.query::<u16>(Aql::new(ALL)).all().await.unwrap();
    assert_eq!((rows.len(), rows.capacity()), (37, 37));
    // A batch so large that room is made for an estimated number of rows.
    let rows: Vec<String> =
        database.query("FOR i IN 1..900 RETURN CONCAT('number ', i)").all().await.unwrap();
    assert_eq!((rows.len(), rows.capacity(), rows[899].as_str()), (900, 900, "number 900"));
    let batches: Vec<u16> = database.query("FOR i IN 1..3000 RETURN i").all().await.unwrap();
    assert!(batches.into_iter().eq(1..=3000));
}

#[tokio::test(start_paused = true)]
async fn parameters_and_collections_are_bound_and_not_formatted() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 5).await;
    let query = Aql::new("FOR b IN @@books FILTER b.year >= @from SORT b.year RETURN b")
        .collection("books", CollectionName::new("books").unwrap())
        .bind("from", 3);
    let books: Vec<Book> = database.query(query).all().await.unwrap();
    assert_eq!(books.iter().map(|book| book.year).collect::<Vec<_>>(), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_syntax_error_is_an_invalid_query() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let error = database.query::<u8>(Aql::new("FOR b IN")).all().await.unwrap_err();
    assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::InvalidQuery, 1501), "{error}");
    let missing = Aql::new("FOR b IN movies RETURN b");
    assert_eq!(database.query::<u8>(missing).all().await.unwrap_err().kind(), ErrorKind::CollectionNotFound);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_reports_is_returned_at_the_end() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 10).await;
    let query = Aql::new("FOR b IN books LIMIT 2 RETURN 1 / 0");
    let cursor = database.query::<Option<u8>>(query).full_count().await.unwrap();
    assert_eq!(cursor.full_count(), Some(10));
    let extra = cursor.finish().await.unwrap();
    assert_eq!(extra.warnings[0].code.0, 1562);
}

#[tokio::test(start_paused = true)]
async fn w13_a_dropped_cursor_is_closed_within_a_second() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 20).await;
    for rows in [0, 1, 5, 20] {
        let before = cursor_requests(&cluster, "DELETE");
        let mut cursor = database.query::<u16>(Aql::new(ALL)).batch_size(4).await.unwrap();
        for _ in 0..rows {
            cursor.try_next().await.unwrap();
        }
        drop(cursor);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cursor_requests(&cluster, "DELETE") - before, 1, "after {rows} rows");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_needs_no_closing_is_not_closed() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 3).await;
    assert_eq!(database.query::<u16>(Aql::new(ALL)).all().await.unwrap(), years(3));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(cursor_requests(&cluster, "DELETE"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_numbered_batches_is_read_to_the_end() {
    let cluster = cluster_with(|builder| builder.version("3.10")).await;
    let database = fill(&client(&cluster), 10).await;
    assert_eq!(database.query::<u16>(Aql::new(ALL)).batch_size(3).all().await.unwrap(), years(10));
    // A batch whose response is lost is gone: it is not read again.
    let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(Match::post("/_api/cursor/*")));
    database.query::<u16>(Aql::new(ALL)).batch_size(3).all().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn w10_a_query_that_only_reads_is_sent_again_and_one_that_writes_is_not() {
    for (text, creations) in [(ALL, 2), ("FOR b IN books REMOVE b IN books", 1)] {
        let cluster = cluster().await;
        let database = fill(&client(&cluster), 3).await;
        let lost =
            Fault::close(Phase::AfterExecution).on(Match::method(Method::POST, "/_api/cursor")).times(1);
        let _lost = cluster.coordinator(0).inject(lost.clone());
        let _others = [1, 2].map(|index| cluster.coordinator(index).inject(lost.clone()));
        let result = database.query::<u16>(Aql::dynamic(text)).all().await;
        let sent = cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/cursor").count();
        // Each coordinator loses one response.
        assert_eq!((sent > 1, result.is_ok()), (creations > 1, creations > 1), "{text}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn w10a_a_query_that_takes_too_long_is_not_started_a_second_time_unless_asked() {
    for (policy, queries) in [(RetryPolicy::default(), 1), (RetryPolicy::default().on_timeout(), 2)] {
        let cluster = cluster().await;
        let limits = Limits::default().attempt(Duration::from_secs(1));
        let client = builder(&cluster).limits(limits).retry(policy.attempts(2)).build().unwrap();
        let query = Aql::new("FOR i IN 1..3 RETURN SLEEP(60)");
        let error = client.db("_system").query::<Value>(query).all().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown), "{error}");
        let entries = cluster.journal().entries();
        assert_eq!(entries.iter().filter(|entry| entry.path == "/_api/cursor").count(), queries);
    }
}

#[tokio::test(start_paused = true)]
async fn w10b_a_query_that_may_have_committed_a_part_is_not_repeated_after_a_refusal() {
    let options = QueryOptions::new();
    for (text, options, is_repeated) in [
        ("FOR b IN books REMOVE b IN books", options.clone(), false),
        ("FOR b IN books REMOVE b IN books", options.clone().without_intermediate_commits(), true),
        ("INSERT { title: 'Dune', year: 1965 } INTO books", options, true),
    ] {
        let cluster = cluster().await;
        let database = fill(&client(&cluster), 3).await;
        let refused =
            Fault::response(503, 1496, "not a leader").on(Match::method(Method::POST, "/_api/cursor"));
        let _refused = cluster.inject(&refused.times(1));
        let result = database.query::<Value>(Aql::dynamic(text)).options(options).all().await;
        let sent = cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/cursor").count();
        assert_eq!((sent > 1, result.is_ok()), (is_repeated, is_repeated), "{text}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn w10c_a_refusal_of_a_query_that_may_have_committed_a_part_leaves_it_unknown() {
    let options = QueryOptions::new();
    for (text, options, is_partial) in [
        ("FOR b IN books REMOVE b IN books", options.clone(), true),
        ("FOR b IN books REMOVE b IN books", options.clone().without_intermediate_commits(), false),
        ("INSERT { title: 'Dune', year: 1965 } INTO books", options, false),
    ] {
        for (status, number) in [(409, 1200), (503, 1496), (503, 1429), (409, 1210), (404, 1202)] {
            let cluster = cluster().await;
            let database = fill(&client(&cluster), 3).await;
            let with_conflicts = CallOptions::default().retry(RetryPolicy::default().conflicts(3));
            let database = database.options(with_conflicts);
            let refused = Fault::response(status, number, "refused by a DB-Server");
            let refused = refused.on(Match::method(Method::POST, "/_api/cursor"));
            let refused: Vec<_> = cluster.inject(&refused.times(1));
            let query = database.query::<Value>(Aql::dynamic(text)).options(options.clone());
            let outcome = query.all().await.err().map(|error| error.outcome());
            let is_final = matches!(number, 1210 | 1202);
            let expected = match (is_partial, is_final) {
                (true, _) => Some(Outcome::Unknown),
                (false, true) => Some(Outcome::NotExecuted),
                (false, false) => None,
            };
            assert_eq!(outcome, expected, "{text} {number}");
            let sent: usize = refused.iter().map(FaultGuard::hits).sum();
            assert!(sent == 1 || expected.is_none(), "{text} {number}: {sent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_writes_changes_documents() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 5).await;
    let query =
        Aql::new("FOR b IN books FILTER b.year > 2 UPDATE b WITH { title: 'x' } IN books RETURN NEW.title");
    assert_eq!(database.query::<String>(query).all().await.unwrap(), ["x", "x"]);
    let read = Aql::new("FOR b IN books FILTER b.title == 'x' RETURN 1");
    assert_eq!(database.query::<u8>(read).all().await.unwrap().len(), 2);
    assert!(!database.query::<Value>(Aql::new("RETURN 1")).await.unwrap().is_cached());
    assert_eq!(database.query::<Value>(Aql::new("RETURN {}")).first().await.unwrap(), Some(json!({})));
}
