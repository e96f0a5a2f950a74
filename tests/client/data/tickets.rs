//! Tickets of writes whose outcome is unknown.

use std::time::Duration;

use arango::data::{DocumentTicket, Evidence};
use arango::protocol::Conclusion;
use arango::{Collection, Error, Limits, Outcome};
use arango_test_cluster::{Fault, Match, TestCluster};
use serde_json::json;
use tokio::time::sleep;

use super::{book, stored};
use crate::support::{builder, client, cluster};

/// Returns the books for a client that gives up after a second.
fn impatient(cluster: &TestCluster) -> Collection {
    let limits = Limits::default().attempt(Duration::from_millis(300)).total(Duration::from_secs(1));
    builder(cluster).limits(limits).build().unwrap().db("_system").collection("books")
}

fn ticket(error: &Error) -> DocumentTicket {
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    error.ticket().expect("a write of unknown outcome has a ticket").parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_stays_unknown_can_be_found_out_later_by_another_client() {
    let cluster = cluster().await;
    let late = Fault::latency(Duration::from_secs(10)).on(Match::path("/_api/document/*"));
    let faults = cluster.inject(&late);
    let ticket = ticket(&impatient(&cluster).insert(&book("Dune")).await.unwrap_err());
    assert_eq!((ticket.database(), ticket.collection().as_str()), (Some("_system"), "books"));
    drop(faults);

    // The database of the ticket counts, not that of the handle.
    let other = client(&cluster).db("other");
    assert_eq!(other.resolve(&ticket).await.unwrap(), Conclusion::NotSeen);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(stored(&cluster).await, 1);
    assert_eq!(other.resolve(&ticket).await.unwrap(), Conclusion::Executed(Evidence::Key));
}

#[tokio::test(start_paused = true)]
async fn updates_and_removals_have_tickets_and_refused_writes_have_none() {
    let cluster = cluster().await;
    let books = client(&cluster).db("_system").collection("books");
    let written = books.insert(&book("Dune")).key("dune").await.unwrap();
    let refused = books.update("emma", &json!({})).await.unwrap_err();
    assert_eq!((refused.outcome(), refused.ticket()), (Outcome::NotExecuted, None));

    let late = Fault::latency(Duration::from_secs(10)).on(Match::path("/_api/document/*"));
    let faults = cluster.inject(&late);
    let impatient = impatient(&cluster);
    let update = impatient.update("dune", &json!({ "year": 1 })).if_revision(&written.revision);
    let update = ticket(&update.await.unwrap_err());
    let removal = ticket(&impatient.remove("dune").await.unwrap_err());
    assert!(impatient.clone().server_keys().insert(&book("Emma")).await.unwrap_err().ticket().is_none());
    drop(faults);
    let database = client(&cluster).db("_system");
    assert_eq!(database.resolve(&update).await.unwrap(), Conclusion::NotSeen);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(database.resolve(&removal).await.unwrap(), Conclusion::Executed(Evidence::Absence));
}
