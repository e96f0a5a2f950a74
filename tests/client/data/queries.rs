//! Queries and their cursors.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arango::data::{Aql, CollectionName, QueryOptions};
use arango::{CallOptions, Client, Database, ErrorKind, Limits, Outcome, RetryPolicy};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Book;
use crate::support::{builder, client, cluster, cluster_of, cluster_with};

const ALL: &str = "FOR b IN books SORT b.year RETURN b.year";

/// Inserts `count` books with the years from 0 on.
async fn fill(client: &Client, count: u16) -> Database {
    let database = client.db("_system");
    let books = database.collection("books");
    for year in 0..count {
        books.insert(&Book { title: format!("{year}"), year }).await.unwrap();
    }
    database
}

fn years(count: u16) -> Vec<u16> {
    (0..count).collect()
}

/// Returns how many requests of this method reached cursors.
fn cursor_requests(cluster: &TestCluster, method: &str) -> usize {
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
async fn w11_each_batch_whose_response_is_lost_is_read_again() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let database = fill(&client(&cluster), 20).await;
        let mut cursor = database.query::<u16>(Aql::new(ALL)).batch_size(4).await.unwrap();
        let mut rows = Vec::new();
        // Each batch is lost once.
        while let Some(row) = {
            let lost = Fault::close(phase).on(Match::post("/_api/cursor/*")).times(1);
            let _lost = cluster.inject(&lost);
            cursor.try_next().await.unwrap()
        } {
            rows.push(row);
        }
        assert_eq!(rows, years(20), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w12_a_cursor_whose_owner_is_lost_ends_with_an_error_and_is_not_begun_again() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = fill(&client, 20).await;
    let mut cursor = database.query::<u16>(Aql::new(ALL)).batch_size(4).await.unwrap();
    let mut rows = vec![cursor.try_next().await.unwrap().unwrap()];
    let owner = cursor.coordinator().unwrap().clone();
    let index = client.coordinators().iter().position(|state| state.address == owner).unwrap();
    cluster.coordinator(index).kill();
    let error = loop {
        match cursor.try_next().await {
            Ok(Some(row)) => rows.push(row),
            Ok(None) => panic!("the end was reached: {rows:?}"),
            Err(error) => break error,
        }
    };
    assert!(error.report().to_string().contains("could not be opened"), "the owner: {}", error.report());
    assert!(
        error.to_string().ends_with(&format!("held by {owner}: start again if that coordinator is lost")),
        "{error}"
    );
    let lost = cursor.lost().unwrap();
    assert_eq!(lost.rows, u64::try_from(rows.len()).unwrap());
    assert_eq!(rows, years(u16::try_from(rows.len()).unwrap()), "a prefix: {}", error.report());
    assert!(cursor.try_next().await.unwrap().is_none(), "nothing follows an error");
    let creations = cluster.journal().entries();
    assert_eq!(creations.iter().filter(|entry| entry.path == "/_api/cursor").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_first_row_of_a_stream_that_writes_is_returned_after_all_is_committed() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 1).await;
    let query = Aql::new("FOR i IN 2..20 INSERT { year: i } INTO books RETURN i");
    assert_eq!(database.query::<u16>(query).stream().batch_size(1).first().await.unwrap(), Some(2));
    assert_eq!(database.collection("books").count().await.unwrap(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_writes_is_committed_although_it_has_more_rows_than_expected() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 1).await;
    let query = Aql::new("FOR i IN 2..20 INSERT { year: i } INTO books RETURN i");
    let error = database.query::<u16>(query).stream().batch_size(3).one().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed), "{error}");
    assert_eq!(database.collection("books").count().await.unwrap(), 20);
}

#[tokio::test(start_paused = true)]
async fn it_is_unknown_whether_a_stream_that_writes_was_executed_if_its_first_batch_cannot_be_decoded() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 1).await;
    // With one batch it is committed, with several it is undone.
    for (batch_size, outcome, count) in [(1, Outcome::Unknown, 1), (30, Outcome::Executed, 20)] {
        let query = Aql::new("FOR i IN 2..20 INSERT { year: i } INTO books RETURN i");
        let query = database.query::<String>(query).stream().batch_size(batch_size);
        let error = query.all().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, outcome), "{error}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(database.collection("books").count().await.unwrap(), count);
    }
}

/// How the rest of the rows of a query is lost.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// The responses with the second batch.
    Responses,
    /// The coordinator, before the second batch is asked for.
    Owner,
    /// The cursor.
    Cursor,
}

#[tokio::test(start_paused = true)]
async fn w12a_a_query_that_has_committed_is_reported_as_executed_if_its_further_rows_are_lost() {
    for loss in [Loss::Responses, Loss::Owner, Loss::Cursor] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let database = fill(&client, 1).await;
        let query = Aql::new("FOR i IN 2..20 INSERT { year: i } INTO books RETURN i");
        let next = Match::post("/_api/cursor/*");
        let _lost = match loss {
            Loss::Responses => cluster.inject(&Fault::close(Phase::AfterRead).on(next)),
            Loss::Owner => Vec::new(),
            Loss::Cursor => cluster.inject(&Fault::response(404, 1600, "cursor not found").on(next)),
        };
        let mut rows = database.query::<u16>(query).batch_size(4).await.unwrap();
        if matches!(loss, Loss::Owner) {
            let owner = rows.coordinator().unwrap();
            let index = client.coordinators().iter().position(|state| state.address == *owner).unwrap();
            cluster.coordinator(index).kill();
        }
        let error = loop {
            match rows.try_next().await {
                Ok(row) => assert!(row.is_some(), "{loss:?}: the end was reached"),
                Err(error) => break error,
            }
        };
        assert_eq!(rows.lost().unwrap().is_committed, Some(true), "{loss:?}");
        assert_eq!(error.outcome(), Outcome::Executed, "{loss:?}: {error}");
        assert!(!error.is_retryable(), "{loss:?}: {error}");
        assert!(error.to_string().contains("do not send it again"), "{loss:?}: {error}");
        assert_eq!(database.collection("books").count().await.unwrap(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn w12b_a_stream_that_writes_is_not_repeated_by_the_caller_if_its_last_batch_may_have_committed() {
    let next = || Match::post("/_api/cursor/*");
    // All responses with the last batch are lost; or one is, and then the cursor is gone.
    for is_gone in [false, true] {
        let cluster = cluster_of(1).await;
        let database = fill(&client(&cluster), 1).await;
        let query = Aql::new("FOR i IN 2..5 INSERT { year: i } INTO books RETURN i");
        let rows = database.query::<u16>(query).stream().batch_size(3).await.unwrap();
        let times = if is_gone { 1 } else { usize::MAX };
        let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(next()).times(times));
        let gone = Fault::response(404, 1600, "cursor not found").on(next());
        let _gone = is_gone.then(|| cluster.inject(&gone));
        let error = rows.all().await.unwrap_err();
        assert_eq!((error.outcome(), error.is_retryable()), (Outcome::Unknown, false), "{error}");
        let advice = "; check whether it was executed before you send it again";
        assert!(error.to_string().contains(advice), "{error}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(database.collection("books").count().await.unwrap(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn w12b_a_stream_that_writes_may_be_committed_by_an_earlier_request_for_its_last_batch() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(5));
    let database = fill(&builder(&cluster).limits(limits).build().unwrap(), 1).await;
    let query = Aql::new("FOR i IN 2..5 INSERT { year: i } INTO books RETURN i");
    // The first request for the last batch takes longer than the call may, and commits then.
    let slow = Fault::latency(Duration::from_secs(20)).on(Match::post("/_api/cursor/*"));
    let _slow = cluster.inject(&slow.times(1));
    let mut rows = database.query::<u16>(query).stream().batch_size(2).await.unwrap();
    let error = loop {
        match rows.try_next().await {
            Ok(row) => assert!(row.is_some(), "the end was reached"),
            Err(error) => break error,
        }
    };
    assert_eq!((error.outcome(), error.is_retryable()), (Outcome::Unknown, false), "{error}");
    assert_eq!(rows.lost().unwrap().is_committed, None, "{error}");
    drop(rows);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(database.collection("books").count().await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn w12b_a_stream_that_writes_is_not_executed_for_sure_if_a_batch_cannot_be_decoded() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 1).await;
    let query = Aql::new("FOR i IN 2..20 INSERT { year: i } INTO books RETURN i == 5 ? 'five' : i");
    let error = database.query::<u16>(query).stream().batch_size(3).all().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown), "{error}");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(database.collection("books").count().await.unwrap(), 1, "it was rolled back");
}

#[tokio::test(start_paused = true)]
async fn w11_a_batch_that_takes_longer_than_an_attempt_is_waited_for() {
    let cluster = cluster().await;
    let slow = Aql::new("FOR i IN 1..20 RETURN i == 6 ? SLEEP(40) || 6 : i");
    let rows = client(&cluster).db("_system").query::<u16>(slow).stream().batch_size(4).all().await.unwrap();
    assert_eq!(rows, (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_cursor_that_outlives_its_runtime_ends_with_an_error() {
    for is_in_another in [false, true] {
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let first = runtime();
        let (cluster, mut cursor) = first.block_on(async {
            let cluster = cluster().await;
            let database = fill(&client(&cluster), 20).await;
            let mut cursor = database.query::<u16>(Aql::new(ALL)).batch_size(2).await.unwrap();
            // The second batch is being read.
            cursor.try_next().await.unwrap();
            (cluster, cursor)
        });
        drop(first);
        let rest = async {
            let mut rows = 1;
            loop {
                match cursor.try_next().await {
                    Ok(Some(_)) => rows += 1,
                    Ok(None) => panic!("the end was reached"),
                    Err(error) => break (rows, error),
                }
            }
        };
        let (rows, error) = if is_in_another {
            runtime().block_on(rest)
        } else {
            let Poll::Ready(end) = pin!(rest).poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("the cursor waits");
            };
            end
        };
        assert_eq!(
            (rows, error.kind(), error.outcome()),
            (2, ErrorKind::NoRuntime, Outcome::Unknown),
            "{error}"
        );
        assert_eq!(cursor.lost().unwrap().rows, 2);
        drop(cluster);
    }
}

#[test]
fn outside_of_a_runtime_the_rows_that_were_received_come_before_the_error() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (_cluster, mut cursor) = runtime.block_on(async {
        let cluster = cluster().await;
        let database = fill(&client(&cluster), 20).await;
        let cursor = database.query::<u16>(Aql::new(ALL)).batch_size(4).await.unwrap();
        (cluster, cursor)
    });
    let mut next = || {
        let Poll::Ready(next) = pin!(cursor.try_next()).poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the cursor waits");
        };
        next
    };
    let rows: Vec<_> = (0..4).map(|_| next().unwrap().unwrap()).collect();
    assert_eq!(rows, years(4));
    let error = next().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NoRuntime, Outcome::NotExecuted), "{error}");
    assert!(next().unwrap().is_none(), "nothing follows an error");
    assert_eq!(cursor.lost().unwrap().rows, 4);
}

#[tokio::test(start_paused = true)]
async fn other_coordinators_may_die_while_a_cursor_is_read() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let database = fill(&client, 20).await;
    let mut cursor = database.query::<u16>(Aql::new(ALL)).batch_size(2).await.unwrap();
    let owner = cursor.coordinator().unwrap().clone();
    for (index, state) in client.coordinators().iter().enumerate() {
        if state.address != owner {
            cluster.coordinator(index).kill();
        }
    }
    let mut rows = Vec::new();
    while let Some(row) = cursor.try_next().await.unwrap() {
        rows.push(row);
    }
    assert_eq!(rows, years(20));
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

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Row {
    addr: Address,
}
#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Address {
    zip: u8,
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_decoded_is_named() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    let query = Aql::new("FOR i IN 1..20 RETURN { addr: { zip: i == 18 ? 'x' : i } }");
    let error = database.query::<Row>(query).all().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed));
    assert!(error.to_string().contains("result[17].addr.zip"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_cursor_whose_first_batch_cannot_be_decoded_is_closed() {
    let cluster = cluster().await;
    let database = fill(&client(&cluster), 20).await;
    let error = database.query::<String>(Aql::new(ALL)).batch_size(4).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    sleep(Duration::from_secs(1)).await;
    let entries = cluster.journal().entries();
    let closed: Vec<_> = entries.iter().filter(|entry| entry.method == "DELETE").collect();
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0].status, Some(202), "by its coordinator: {closed:?}");
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
