//! Rows that borrow from their batch.

use arango::data::{Aql, RawRows};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Entry, Fault, Match, Phase};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::sleep;

use super::Book;
use crate::support::{client, cluster};

#[derive(Debug, Deserialize, PartialEq)]
struct Title<'a> {
    title: &'a str,
    year: u16,
}

const ALL: &str = "FOR b IN books SORT b.year RETURN b";

async fn fill(database: &arango::Database, count: u16) {
    for year in 0..count {
        database.collection("books").insert(&Book { title: format!("t{year}"), year }).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_row_of_every_batch_is_borrowed_in_order() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    fill(&database, 10).await;
    let mut cursor = database.query::<RawRows>(Aql::new(ALL)).batch_size(3).count().await.unwrap();
    assert_eq!(cursor.count(), Some(10));
    let (mut years, mut batches) = (0, Vec::new());
    while let Some(batch) = cursor.next_batch().await.unwrap() {
        batches.push(batch.len());
        for title in batch.rows::<Title<'_>>() {
            let title = title.unwrap();
            assert_eq!((title.title, title.year), (format!("t{years}").as_str(), years));
            years += 1;
        }
        // They can be read again, as another type.
        assert!(batch.rows::<&RawValue>().all(|row| row.unwrap().get().contains("\"title\"")));
    }
    assert_eq!((years, batches), (10, vec![3, 3, 3, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_query_without_rows_has_no_batch() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    fill(&database, 1).await;
    let none = Aql::new("FOR b IN books FILTER b.year > 5 RETURN b");
    assert!(database.query::<RawRows>(none).await.unwrap().next_batch().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_decoded_is_named_and_not_shown_and_others_follow() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    fill(&database, 1).await;
    let query = Aql::new("FOR y IN [1, 's3cret', 3] RETURN { title: 'Dune', year: y }");
    let mut cursor = database.query::<RawRows>(query).await.unwrap();
    let coordinator = cursor.coordinator().cloned();
    let batch = cursor.next_batch().await.unwrap().unwrap();
    let rows: Vec<_> = batch.rows::<Title<'_>>().collect();
    assert_eq!((rows.len(), rows[0].as_ref().unwrap().year, rows[2].as_ref().unwrap().year), (3, 1, 3));
    let error = rows[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Executed));
    assert_eq!(error.coordinator(), coordinator.as_ref());
    let text = format!("{error} {error:?} {}", error.report());
    assert!(text.contains("result[1].year") && !text.contains("s3cret"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_read_in_advance_and_lost_is_read_again() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    fill(&database, 6).await;
    let _lost =
        cluster.inject(&Fault::close(Phase::AfterExecution).on(Match::post("/_api/cursor/*/2")).times(1));
    let mut cursor = database.query::<RawRows>(Aql::new(ALL)).batch_size(2).await.unwrap();
    let mut years = Vec::new();
    while let Some(batch) = cursor.next_batch().await.unwrap() {
        years.extend(batch.rows::<Title<'_>>().map(|title| title.unwrap().year));
    }
    assert_eq!(years, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_dropped_is_closed_and_its_batches_stay() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    fill(&database, 4).await;
    let mut cursor = database.query::<RawRows>(Aql::new(ALL)).batch_size(2).await.unwrap();
    let batch = cursor.next_batch().await.unwrap().unwrap();
    drop(cursor);
    sleep(std::time::Duration::from_secs(1)).await;
    let closed =
        |entry: &Entry| entry.method == http::Method::DELETE && entry.path.starts_with("/_api/cursor/");
    assert_eq!(cluster.journal().entries().iter().filter(|entry| closed(entry)).count(), 1);
    assert_eq!(batch.rows::<Title<'_>>().len(), 2);
}
