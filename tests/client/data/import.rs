//! Importing any number of documents.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arango::data::{Aql, ImportProgress, ImportStop, OverwriteMode};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;
use futures_util::stream;
use serde_json::{Value, json};

use super::{books, requests, stored};
use crate::support::{client, cluster};

/// Returns the attribute `n` of all documents, in order.
pub(super) async fn numbers(client: &Client) -> Vec<u64> {
    let query = Aql::new("FOR b IN books SORT b.n RETURN b.n");
    client.db("_system").query(query).all().await.unwrap()
}

/// Returns how many requests with documents each coordinator has executed.
fn by_coordinator(cluster: &TestCluster) -> [usize; 3] {
    [0, 1, 2].map(|index| {
        let entries = cluster.journal().entries();
        entries
            .iter()
            .filter(|entry| {
                entry.coordinator == index && entry.path == "/_api/document/books" && entry.executed
            })
            .count()
    })
}

#[tokio::test(start_paused = true)]
async fn an_iterator_is_imported_once_through_all_coordinators() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let rows = (0..3000).map(|number| json!({ "n": number }));
    let report = books(&client).import(rows).chunk_items(100).await.unwrap().into_result().unwrap();
    assert_eq!((report.items, report.stored, report.failed, report.found_out), (3000, 3000, 0, 0));
    assert!(report.bytes > 3000 * 30);
    assert_eq!(numbers(&client).await, (0..3000).collect::<Vec<_>>());
    assert_eq!(by_coordinator(&cluster), [10, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_and_a_sink_are_imported_like_an_iterator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let rows = stream::iter((0..250).map(|number| json!({ "n": number })));
    drop(books(&client).import_stream(rows).chunk_items(100).await.unwrap().into_result().unwrap());
    let mut sink = books(&client).import_sink().chunk_items(100).start().await.unwrap();
    for number in 250..500 {
        sink.feed(&json!({ "n": number })).await.unwrap();
    }
    sink.feed_json(br#" {"n":500} "#).await.unwrap();
    let report = sink.finish().await.into_result().unwrap();
    assert_eq!((report.stored, numbers(&client).await), (251, (0..=500).collect()));
    assert_eq!(requests(&cluster, "POST"), 6);
}

#[tokio::test(start_paused = true)]
async fn no_item_needs_no_request() {
    let cluster = cluster().await;
    let report = books(&client(&cluster)).import([(); 0]).await.unwrap();
    assert_eq!((report.items, report.stored, requests(&cluster, "POST")), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn json_lines_are_passed_on_and_an_invalid_one_is_a_failed_item_with_its_number() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let lines = concat!(
        "{\"n\":1,\"big\":18446744073709551615,\"text\":\"\\u00e4\"}\n",
        "\n",
        "  \r\n",
        "{\"n\":2,\"_key\":\"two\"}\r\n",
        "{\"n\":3\n",
        "[4]\n",
        "{\"n\":5,\"_key\":\"a/b\"}\n",
        "{\"n\":6}\n",
        "{\"n\":7,\"_key\":\"two\"}",
    );
    let report = books(&client).import_jsonl(lines.as_bytes()).await.unwrap();
    assert_eq!((report.items, report.stored, report.failed, report.blank_lines), (7, 3, 4, 2));
    let failed: Vec<_> =
        report.failures.iter().map(|failed| (failed.position, failed.error.kind())).collect();
    let expected = [5, 6, 7].map(|line| (line, ErrorKind::Request));
    assert_eq!(failed[..3], expected);
    assert_eq!(failed[3..], [(9, ErrorKind::UniqueViolation)]);
    let invalid = report.failures[0].error.to_string();
    assert_eq!(invalid, "is no valid JSON: EOF while parsing an object, at column 6; not executed");
    assert!(report.failures.iter().all(|failed| failed.error.outcome() == Outcome::NotExecuted));
    let error = report.into_result().unwrap_err().to_string();
    assert!(error.starts_with("4 of 7 items failed; the first, 5: is no valid JSON: "), "{error}");
    assert_eq!(numbers(&client).await, [1, 2, 6]);
    assert!(books(&client).exists("two").await.unwrap());
    let query = Aql::new("FOR b IN books FILTER b.n == 1 RETURN b");
    let first: Value = client.db("_system").query(query).one().await.unwrap();
    assert_eq!((first["big"].as_u64(), first["text"].as_str()), (Some(u64::MAX), Some("ä")));
}

#[tokio::test(start_paused = true)]
async fn failures_are_in_the_order_of_the_lines_also_of_those_that_were_not_sent() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let lines = "{\"_key\":\"one\"}\n{\"_key\":\"one\"}\nnot JSON\n";
    let report = books(&client).import_jsonl(lines.as_bytes()).await.unwrap();
    let failed: Vec<_> = report.failures.iter().map(|failed| failed.position).collect();
    assert_eq!(failed, [2, 3]);
    let error = report.into_result().unwrap_err().to_string();
    assert!(error.starts_with("2 of 3 items failed; the first, 2: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_overwrite_mode_decides_about_documents_that_exist() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let rows = |offset: u64| {
        (0..10).map(move |number| json!({ "_key": format!("k{number}"), "n": number + offset }))
    };
    drop(books(&client).import(rows(0)).await.unwrap().into_result().unwrap());
    let again = books(&client).import(rows(100)).keep_failures(4).await.unwrap();
    assert_eq!((again.failed, again.failures.len(), again.unknown), (10, 4, 0));
    assert_eq!(again.by_number.values().copied().collect::<Vec<_>>(), [10]);
    let kept = books(&client).import(rows(100)).overwrite(OverwriteMode::Ignore).await.unwrap();
    assert_eq!((kept.stored, numbers(&client).await), (10, (0..10).collect()));
    drop(books(&client).import(rows(200)).overwrite(OverwriteMode::Replace).await.unwrap());
    assert_eq!(numbers(&client).await, (200..210).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn it_stops_after_as_many_failures_as_are_allowed() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let rows = (0..1000).map(|number| json!({ "_key": "same", "n": number }));
    let report = books.import(rows).chunk_items(10).in_flight(1).stop_after(25).await.unwrap();
    assert!(matches!(report.stopped, Some(ImportStop::Failures)), "{report:?}");
    assert!((25..60).contains(&report.failed), "{report:?}");
    assert_eq!(report.items, report.stored + report.failed + report.not_sent);
    assert_eq!(stored(&cluster).await, 1);
    assert!(report.into_result().unwrap_err().to_string().contains("has stopped: too many items"));
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_is_not_there_is_the_error_of_the_call_and_one_that_vanishes_stops_the_import() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let movies = client.db("_system").collection("movies");
    let error = movies.import([json!({})]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::CollectionNotFound, Outcome::NotExecuted));

    let books = books(&client);
    let mut sink = books.import_sink().chunk_items(10).in_flight(1).start().await.unwrap();
    for number in 0..100 {
        if number == 50 {
            books.drop_collection().await.unwrap();
        }
        if sink.feed(&json!({ "n": number })).await.is_err() {
            break;
        }
    }
    let report = sink.finish().await;
    let Some(ImportStop::Refused(error)) = &report.stopped else { panic!("{report:?}") };
    assert_eq!(error.kind(), ErrorKind::CollectionNotFound);
    assert!(report.failed > 0 && report.unknown == 0, "{report:?}");
    assert_eq!(report.items, report.stored + report.failed + report.not_sent);
}

#[tokio::test(start_paused = true)]
async fn lines_that_cannot_be_read_stop_the_import_after_what_was_read() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let broken = tokio::io::AsyncReadExt::chain(&b"{\"n\":1}\n{\"n\":2}\n"[..], Broken);
    let report = books(&client).import_jsonl(tokio::io::BufReader::new(broken)).await.unwrap();
    assert!(
        matches!(&report.stopped, Some(ImportStop::Read(error)) if error.to_string() == "broken"),
        "{report:?}"
    );
    assert_eq!((report.stored, report.not_sent), (0, 2), "what was not sent is counted");
}

/// A file that cannot be read.
struct Broken;

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::Error::other("broken")))
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_it_stops_it_and_the_last_progress_says_what_was_sent() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let last = Arc::new(Mutex::new(ImportProgress::default()));
    let shown = Arc::clone(&last);
    let show = move |progress: &ImportProgress| *shown.lock().unwrap() = *progress;
    let import = books(&client).import_sink().chunk_items(10).in_flight(2).progress(show);
    let mut sink = import.start().await.unwrap();
    for number in 0..36 {
        sink.feed(&json!({ "n": number })).await.unwrap();
    }
    drop(sink);
    let progress = *last.lock().unwrap();
    assert_eq!(progress.items, 36);
    assert!(progress.in_flight > 0 && progress.stored + progress.in_flight <= 30, "{progress:?}");
    let before = requests(&cluster, "POST");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(requests(&cluster, "POST"), before);
    assert!(stored(&cluster).await <= progress.stored + progress.in_flight);
}

#[tokio::test(start_paused = true)]
async fn the_progress_is_shown_after_each_request() {
    let cluster = cluster().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let import = books(&client(&cluster)).import((0..100).map(|number| json!({ "n": number })));
    let count = move |_: &ImportProgress| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    drop(import.chunk_items(10).progress(count).await.unwrap());
    assert_eq!(calls.load(Ordering::Relaxed), 11, "and at the end");
}
