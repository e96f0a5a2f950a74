//! Cursors that are read on by another process.

use std::time::Duration;

use arango::data::{Aql, CursorTicket, ResumeError};
use arango::{Database, ErrorKind};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use serde_json::Value;
use tokio::time::sleep;

use super::book;
use crate::support::{client, cluster, cluster_with};

const ROWS: u64 = 20;
const NUMBERS: &str = "FOR i IN 1..20 RETURN i";

fn database(cluster: &TestCluster) -> Database {
    client(cluster).db("_system")
}

/// Returns how many requests to cursors that exist were read.
fn requests(cluster: &TestCluster, method: &str) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == method && entry.path.starts_with("/_api/cursor/")).count()
}

/// Reads some rows in batches of four and detaches the cursor; the rows that were returned, and the text of the ticket.
async fn detach(database: &Database, rows: u64, pause: Duration) -> (Vec<u64>, Option<String>) {
    let mut cursor = database.query::<u64>(Aql::new(NUMBERS)).batch_size(4).await.unwrap();
    let mut read = Vec::new();
    for _ in 0..rows {
        read.push(cursor.try_next().await.unwrap().unwrap());
    }
    sleep(pause).await;
    let (rest, ticket) = cursor.detach().unwrap();
    read.extend(rest);
    assert!(ticket.as_ref().is_none_or(|ticket| ticket.rows() == u64::try_from(read.len()).unwrap()));
    (read, ticket.map(|ticket| ticket.to_string()))
}

async fn detached(database: &Database) -> CursorTicket {
    detach(database, 4, Duration::ZERO).await.1.unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_row_is_lost_or_repeated_wherever_a_cursor_is_detached() {
    for rows in 0..=ROWS {
        // Before and after a batch was read in advance.
        for pause in [Duration::ZERO, Duration::from_secs(1)] {
            let cluster = cluster().await;
            let (mut read, ticket) = detach(&database(&cluster), rows, pause).await;
            assert_eq!(requests(&cluster, "DELETE"), 0);
            assert_eq!(ticket.is_none(), rows > 16, "after {rows} rows");
            if let Some(ticket) = ticket {
                let other = database(&cluster);
                read.extend(
                    other.resume::<u64>(&ticket.parse().unwrap()).await.unwrap().all().await.unwrap(),
                );
            }
            assert_eq!(read, (1..=ROWS).collect::<Vec<_>>(), "after {rows} rows");
            sleep(Duration::from_secs(1)).await;
            assert_eq!((requests(&cluster, "DELETE"), cluster.open_cursors().len()), (1, 0), "{rows}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_detached_cursor_stays_open_until_its_time_to_live_is_over() {
    let cluster = cluster().await;
    let (_, ticket) = detach(&database(&cluster), 3, Duration::from_secs(1)).await;
    sleep(Duration::from_secs(590)).await;
    assert_eq!((requests(&cluster, "DELETE"), cluster.open_cursors().len()), (0, 1));
    let ticket: CursorTicket = ticket.unwrap().parse().unwrap();
    assert_eq!((ticket.ttl(), ticket.database()), (Duration::from_secs(600), "_system"));
    let mut resumed = database(&cluster).resume::<u64>(&ticket).await.unwrap();
    assert_eq!(resumed.try_next().await.unwrap(), Some(5));
    drop(resumed);
    sleep(Duration::from_secs(1)).await;
    assert_eq!((requests(&cluster, "DELETE"), cluster.open_cursors().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_response_is_lost_while_a_cursor_is_resumed_is_read_again() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let ticket = detached(&database(&cluster)).await;
        let _lost = cluster.inject(&Fault::close(phase).on(Match::post("/_api/cursor/*")).times(1));
        let resumed = database(&cluster).resume::<u64>(&ticket).await.unwrap();
        assert_eq!(resumed.all().await.unwrap(), (5..=ROWS).collect::<Vec<_>>(), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_being_read_while_a_cursor_is_detached_is_waited_for() {
    let cluster = cluster().await;
    let slow = "FOR i IN 1..20 RETURN i == 6 ? SLEEP(2) || 6 : i";
    let mut cursor = database(&cluster).query::<u64>(Aql::new(slow)).stream().batch_size(4).await.unwrap();
    let entries = || requests(&cluster, "POST");
    for _ in 0..3 {
        cursor.try_next().await.unwrap();
    }
    while entries() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    let (rest, ticket) = cursor.detach().unwrap();
    assert_eq!(rest, [4]);
    let resumed = database(&cluster).resume::<u64>(&ticket.unwrap()).await.unwrap();
    assert_eq!(resumed.all().await.unwrap(), (5..=ROWS).collect::<Vec<_>>());
    assert!(entries() > 5, "the cursor was busy: {}", entries());
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_the_server_computes_is_asked_for_again_once_the_retry_budget_pays_and_no_row_is_lost() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let cursor = client.db("_system").query::<u64>(Aql::new(NUMBERS)).batch_size(4).await.unwrap();
    let busy = Fault::response(409, 1601, "cursor is busy").on(Match::post("/_api/cursor/*"));
    let busy = cluster.inject(&busy.times(4));
    let hits = || busy.iter().map(FaultGuard::hits).sum::<usize>();
    // Other calls have used it up, for ten seconds.
    while client.transport().pay_for_retry() {}
    let rows = tokio::spawn(cursor.all());
    sleep(Duration::from_secs(9)).await;
    assert_eq!(hits(), 1, "each further request needs the budget");
    assert_eq!(rows.await.unwrap().unwrap(), (1..=ROWS).collect::<Vec<_>>());
    assert_eq!(hits(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_was_detached_returns_no_row_that_its_ticket_stands_for() {
    let cluster = cluster().await;
    let mut cursor = database(&cluster).query::<u64>(Aql::new(NUMBERS)).batch_size(4).await.unwrap();
    for _ in 0..3 {
        cursor.try_next().await.unwrap();
    }
    // The next batch has been read in advance.
    sleep(Duration::from_secs(1)).await;
    let (rest, ticket) = cursor.detach().unwrap();
    assert_eq!(rest, [4]);
    assert_eq!(cursor.try_next().await.unwrap(), None);
    let again = cursor.detach().unwrap_err();
    assert!(again.to_string().contains("was detached before"), "{again}");
    let resumed = database(&cluster).resume::<u64>(&ticket.unwrap()).await.unwrap();
    assert_eq!(resumed.all().await.unwrap(), (5..=ROWS).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_has_failed_cannot_be_detached_as_if_it_were_complete() {
    let cluster = cluster().await;
    let mut cursor = database(&cluster).query::<u64>(Aql::new(NUMBERS)).batch_size(4).await.unwrap();
    let _refused =
        cluster.inject(&Fault::response(500, 4, "internal error").on(Match::post("/_api/cursor/*")));
    while let Ok(Some(_)) = cursor.try_next().await {}
    let error = cursor.detach().unwrap_err();
    assert!(error.to_string().contains("has failed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_ticket_of_another_database_is_refused_and_nothing_is_sent() {
    let cluster = cluster().await;
    let ticket = detached(&database(&cluster)).await;
    let other = client(&cluster).create_database("library").await.unwrap();
    cluster.journal().clear();
    let error = other.resume::<u64>(&ticket).await.unwrap_err();
    assert_eq!(error.to_string(), "the cursor belongs to the database `_system`, and not to `library`");
    assert!(matches!(error, ResumeError::WrongDatabase { .. }) && cluster.journal().entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_does_not_exist_any_more_is_distinguished_from_one_that_cannot_be_reached() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let short =
        client.db("_system").query::<u64>(Aql::new(NUMBERS)).batch_size(4).ttl(Duration::from_secs(5));
    let (_, short) = short.await.unwrap().detach().unwrap();
    let long = detached(&client.db("_system")).await;
    sleep(Duration::from_secs(10)).await;
    let error = client.db("_system").resume::<u64>(&short.unwrap()).await.unwrap_err();
    let ResumeError::Expired { ttl, source, .. } = error else { panic!("{error}") };
    assert_eq!((ttl, source.kind()), (Duration::from_secs(5), ErrorKind::OwnerGone));

    let coordinators = cluster.coordinators();
    coordinators.iter().for_each(arango_test_cluster::Coordinator::kill);
    let error = client.db("_system").resume::<u64>(&long).await.unwrap_err();
    assert!(matches!(error, ResumeError::Call(_)), "{error}");
    for coordinator in coordinators {
        coordinator.restart().await.unwrap();
    }
    sleep(Duration::from_secs(30)).await;
    let error = client.db("_system").resume::<u64>(&long).await.unwrap_err();
    assert!(matches!(error, ResumeError::Expired { .. }), "a restarted coordinator has no cursors: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_no_row_of_the_type_can_be_read_again_as_another() {
    let cluster = cluster().await;
    let ticket = detached(&database(&cluster)).await;
    let error = database(&cluster).resume::<String>(&ticket).await.unwrap_err();
    assert!(matches!(&error, ResumeError::Call(error) if error.kind() == ErrorKind::Decode), "{error}");
    let resumed = database(&cluster).resume::<u64>(&ticket).await.unwrap();
    assert_eq!(resumed.all().await.unwrap().len(), 16);
}

#[tokio::test(start_paused = true)]
async fn the_progress_of_a_resumed_cursor_that_is_lost_counts_the_rows_before() {
    let cluster = cluster().await;
    let ticket = detached(&database(&cluster)).await;
    let mut resumed = database(&cluster).resume::<u64>(&ticket).await.unwrap();
    resumed.try_next().await.unwrap();
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    while resumed.try_next().await.is_ok() {}
    let lost = resumed.lost().unwrap();
    assert!(lost.rows >= 5 && lost.batches >= 2, "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_writes_commits_when_its_resumed_cursor_is_read_to_the_end() {
    let cluster = cluster().await;
    let database = database(&cluster);
    let query = Aql::new("FOR i IN 1..20 INSERT { year: i } INTO books RETURN i");
    let mut cursor = database.query::<u64>(query).stream().batch_size(4).await.unwrap();
    cursor.try_next().await.unwrap();
    let (rest, ticket) = cursor.detach().unwrap();
    assert_eq!(rest, [2, 3, 4]);
    assert_eq!(database.collection("books").count().await.unwrap(), 0);
    let resumed = database.resume::<u64>(&ticket.unwrap()).await.unwrap();
    assert_eq!(resumed.all().await.unwrap().len(), 16);
    assert_eq!(database.collection("books").count().await.unwrap(), 20);
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_ticket_is_all_that_is_needed_and_debug_does_not_print_the_cursor() {
    let cluster = cluster().await;
    let ticket = detached(&database(&cluster)).await;
    let text = ticket.to_string();
    let json: Value = serde_json::from_str(&text).unwrap();
    let id = json["next"]["cursor"].as_str().unwrap();
    assert!(!format!("{ticket:?} {ticket:#?}").contains(id), "{ticket:?}");
    assert_eq!(text.parse::<CursorTicket>().unwrap().to_string(), text);
    for other in ["{}", "", "s3cret"] {
        let error = other.parse::<CursorTicket>().unwrap_err().to_string();
        assert_eq!(error, "this is not a ticket that `Cursor::detach` has made", "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_without_numbered_batches_cannot_be_detached_and_loses_no_row() {
    let cluster = cluster_with(|builder| builder.version("3.10")).await;
    let database = database(&cluster);
    database.collection("books").insert(&book("Dune")).await.unwrap();
    let mut cursor = database.query::<u64>(Aql::new(NUMBERS)).batch_size(4).await.unwrap();
    assert_eq!(cursor.detach().unwrap_err().kind(), ErrorKind::Request);
    assert_eq!(cursor.all().await.unwrap().len(), 20, "no row is lost");
    let (rows, ticket) = database.query::<u64>(Aql::new(NUMBERS)).await.unwrap().detach().unwrap();
    assert_eq!((rows.len(), ticket.is_none()), (20, true));
}
