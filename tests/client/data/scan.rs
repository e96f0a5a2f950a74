//! Reading whole collections by pages of keys.

use std::time::Duration;

use arango::data::{Document, Key, Scan, ScanError};
use arango::{Client, Collection, ErrorKind};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Book, book, books};
use crate::support::{client, cluster, cluster_with};

/// Inserts `count` books under the keys `k00`, `k01` and so on.
async fn fill(client: &Client, count: u16) -> Collection {
    let books = books(client);
    for year in 0..count {
        let document = Book { title: "x".to_owned(), year };
        books.insert(&document).key(format!("k{year:02}").as_str()).await.unwrap();
    }
    books
}

fn keys(range: std::ops::Range<u16>) -> Vec<String> {
    range.map(|number| format!("k{number:02}")).collect()
}

/// Reads rows until the end or an error; the positions after them.
async fn positions(scan: &mut Scan<Value>, rows: usize) -> Result<Vec<String>, ScanError> {
    let mut positions = Vec::new();
    while positions.len() < rows
        && let Some(row) = scan.try_next().await?
    {
        let position = scan.position().unwrap();
        assert_eq!(row["_key"], position.as_str());
        positions.push(position.to_string());
    }
    Ok(positions)
}

fn queries(cluster: &TestCluster) -> (usize, usize) {
    let entries = cluster.journal().entries();
    let queries: Vec<_> = entries.iter().filter(|entry| entry.path.starts_with("/_api/cursor")).collect();
    (queries.len(), queries.iter().filter(|entry| entry.executed).count())
}

fn on_queries(fault: Fault) -> Fault {
    fault.on(Match::method(Method::POST, "/_api/cursor"))
}

#[tokio::test(start_paused = true)]
async fn each_document_is_read_once_in_the_order_of_the_keys_with_one_query_for_each_page() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        let cluster = cluster_with(|builder| builder.version(version)).await;
        let books = fill(&client(&cluster), 25).await;
        let mut scan = books.scan::<Value>().page_size(10);
        assert_eq!(queries(&cluster), (0, 0), "nothing is sent before the first row is asked for");
        assert_eq!(positions(&mut scan, 100).await.unwrap(), keys(0..25), "{version}");
        assert_eq!(queries(&cluster), (3, 3), "{version}");
        assert!(scan.try_next().await.unwrap().is_none());
        drop(scan);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(
            (queries(&cluster), cluster.open_cursors().len()),
            ((3, 3), 0),
            "nothing is left to close"
        );

        let mut typed = books.scan::<Document<Book>>();
        assert_eq!(typed.try_next().await.unwrap().unwrap().data.year, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_last_page_is_followed_by_an_empty_one() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    assert!(books.scan::<Value>().try_next().await.unwrap().is_none());
    let books = fill(&client(&cluster), 4).await;
    cluster.journal().clear();
    assert_eq!(positions(&mut books.scan().page_size(2), 9).await.unwrap(), keys(0..4));
    assert_eq!(queries(&cluster), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_scan_survives_the_death_of_every_coordinator_one_after_the_other() {
    let cluster = cluster().await;
    let books = fill(&client(&cluster), 30).await;
    let mut scan = books.scan::<Value>().page_size(5);
    let mut read = Vec::new();
    for page in 0..6 {
        let coordinator = cluster.coordinator(page % 3);
        coordinator.kill();
        read.extend(positions(&mut scan, 5).await.unwrap());
        coordinator.restart().await.unwrap();
    }
    assert!(scan.try_next().await.unwrap().is_none());
    assert_eq!(read, keys(0..30));
    let (_, executed) = queries(&cluster);
    assert_eq!(executed, 7, "six pages and the end");
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_response_is_lost_is_read_again_and_no_row_twice() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let books = fill(&client(&cluster), 25).await;
        let mut scan = books.scan::<Value>().page_size(10);
        let mut read = Vec::new();
        for page in [10, 10, 5] {
            let _lost = cluster.inject(&on_queries(Fault::close(phase).times(1)));
            read.extend(positions(&mut scan, page).await.unwrap());
        }
        assert_eq!(read, keys(0..25), "{phase:?}");
        let (sent, executed) = queries(&cluster);
        // A response that is cut off goes on at another coordinator: each of the three loses one.
        let expected = match phase {
            Phase::AfterRead => (6, 3),
            Phase::InBody => (12, 12),
            _ => (6, 6),
        };
        assert_eq!((sent, executed), expected, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_client_continues_a_dropped_scan_after_its_position() {
    let cluster = cluster().await;
    let books = fill(&client(&cluster), 25).await;
    let mut scan = books.scan::<Value>().page_size(10);
    assert_eq!(scan.position(), None);
    assert_eq!(positions(&mut scan, 7).await.unwrap(), keys(0..7));
    let stored = scan.position().unwrap().to_string();
    drop(scan);

    cluster.journal().clear();
    let position: Key = stored.parse().unwrap();
    // The document of the position need not exist any more.
    books.remove(&position).await.unwrap();
    let mut rest = self::books(&client(&cluster)).scan().page_size(10).after(&position);
    assert_eq!(rest.position(), Some(&position));
    assert_eq!(positions(&mut rest, 100).await.unwrap(), keys(7..25));
    assert_eq!(queries(&cluster), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn documents_that_stand_still_are_read_once_while_others_come_and_go() {
    let cluster = cluster().await;
    let books = fill(&client(&cluster), 20).await;
    let mut scan = books.scan::<Value>().page_size(3);
    let mut read = Vec::new();
    for round in 0.. {
        let page = positions(&mut scan, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page);
        for key in [format!("k{:02}x", 2 * round), format!("a{round}"), format!("z{}", round % 2)] {
            books.upsert(key.as_str(), &book("moving")).await.unwrap();
        }
        books.remove(format!("k{:02}x", 2 * round).as_str()).await.unwrap();
    }
    read.retain(|key| key.starts_with('k') && key.len() == 3);
    assert_eq!(read, keys(0..20));
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_place_depends_on_the_language_ends_the_scan_before_its_page() {
    for odd in ["kZ", "k_1", "k-1", "k:1", "K05"] {
        let cluster = cluster().await;
        let books = fill(&client(&cluster), 10).await;
        books.insert(&book("odd")).key(odd).await.unwrap();
        let mut scan = books.scan::<Value>().page_size(2);
        let mut read = 0;
        let error = loop {
            match scan.try_next().await {
                Ok(Some(row)) => {
                    assert_ne!(row["_key"], odd);
                    read += 1;
                }
                Ok(None) => panic!("the scan of {odd} ended after {read} rows"),
                Err(error) => break error,
            }
        };
        assert!(matches!(&error, ScanError::UnsortableKey(key) if *key == *odd), "{error}");
        let text =
            format!("the scan ends before the key `{odd}`: its place depends on the language of the server");
        assert_eq!(error.to_string(), text + "; use a stream query");
        assert_eq!(read % 2, 0, "whole pages only");
        assert!(scan.try_next().await.unwrap().is_none(), "nothing follows an error");

        cluster.journal().clear();
        let error = books.scan::<Value>().after(&Key::new(odd).unwrap()).try_next().await.unwrap_err();
        assert!(matches!(error, ScanError::UnsortableKey(_)));
        assert_eq!(queries(&cluster), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_a_merge_of_shards_passes_over_ends_the_scan_before_its_page() {
    let cluster = cluster().await;
    let books = fill(&client(&cluster), 5).await;
    // As a server would respond whose language has another order than that of the bytes.
    let rows = json!([[[["k00", {}], ["k02", {}]], 3]]);
    let body = json!({ "result": rows, "hasMore": false, "error": false, "code": 201 }).to_string();
    let merged = Fault::raw_response(201, "application/json", body).header("Server", "ArangoDB");
    let _merged = cluster.coordinator(0).inject(on_queries(merged.times(1)));
    let first = cluster.coordinator(0).url();
    cluster.journal().clear();
    let mut scan = books.prefer(first.parse().unwrap()).scan::<Value>().page_size(2);
    let error = scan.try_next().await.unwrap_err();
    assert!(matches!(&error, ScanError::UnsortableKey(key) if *key == *"k01"), "{error}");
    assert_eq!(queries(&cluster).0, 2, "the page, and what it passes over");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_read_ends_the_scan_and_its_position_stays() {
    let cluster = cluster().await;
    let books = fill(&client(&cluster), 10).await;
    let page = |error: &ScanError| match error {
        ScanError::Page(error) => error.kind(),
        other => panic!("{other}"),
    };
    let mut scan = books.scan::<Value>().page_size(5);
    positions(&mut scan, 5).await.unwrap();
    books.insert(&json!({ "title": 1 })).key("k99").await.unwrap();
    let mut typed = books.scan::<Book>().page_size(5);
    let error = loop {
        if let Err(error) = typed.try_next().await {
            break error;
        }
    };
    assert_eq!((page(&error), typed.position().unwrap().as_str()), (ErrorKind::Decode, "k09"), "{error}");
    assert_eq!(page(&books.scan::<Value>().page_size(0).try_next().await.unwrap_err()), ErrorKind::Request);
    let missing = client(&cluster).db("_system").collection("movies");
    assert_eq!(page(&missing.scan::<Value>().try_next().await.unwrap_err()), ErrorKind::CollectionNotFound);
}
