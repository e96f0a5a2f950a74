//! Cursors that fail, or whose coordinator or runtime is lost, and what is known of their query then.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arango::data::Aql;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use tokio::time::sleep;

use super::queries::{ALL, fill, years};
use crate::support::{builder, client, cluster, cluster_of};

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
