//! Documents: inserted while a coordinator is killed, changed under a revision, removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use arango::data::Document;
use arango::{Client, Collection, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::JoinSet;

use crate::control::Control;
use crate::terminal::TourOutput;

/// The name of the collection.
pub(crate) const COLLECTION: &str = "tour_library";
/// How many documents are inserted.
pub(crate) const DOCUMENTS: u64 = 10_000;
/// How many inserts are in flight at any moment.
const IN_FLIGHT: u64 = 32;

/// A document of the tour.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) title: String,
    pub(crate) number: u64,
}

/// Leaves [`DOCUMENTS`] documents in the collection. Returns a summary.
pub(crate) async fn write(
    output: &mut TourOutput,
    client: &Client,
    control: Option<&Control>,
) -> Result<String> {
    output.step("Insert, change and remove documents");
    let database = client.db("_system");
    let books = database.collection(COLLECTION);
    match books.drop_collection().await {
        Err(error) if error.kind() != ErrorKind::CollectionNotFound => return Err(error.into()),
        _ => {}
    }
    let created = database.create_collection(COLLECTION).shards(3).await?;
    output
        .entry("collection", &format!("{}, {} shards", created.name, created.number_of_shards.unwrap_or(1)));

    let inserted = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..IN_FLIGHT {
        tasks.spawn(insert(books.clone(), number, Arc::clone(&inserted)));
    }
    let bar = output.progress(DOCUMENTS, "inserting");
    let coordinators = client.coordinators().len();
    let victim = control.filter(|_| coordinators > 1).map(|control| (control, coordinators - 1));
    let (mut is_killed, mut is_back, mut found_out) = (false, false, 0);
    let mut next = IN_FLIGHT;
    while let Some(ended) = tasks.join_next().await {
        found_out += ended??;
        let done = inserted.load(Ordering::Relaxed);
        bar.set_position(done);
        if let Some((control, victim)) = victim {
            if !is_killed && done >= DOCUMENTS / 4 {
                control.kill(victim).await?;
                is_killed = true;
            } else if is_killed && !is_back && done >= DOCUMENTS / 2 {
                control.restart(victim).await?;
                is_back = true;
            }
        }
        if next < DOCUMENTS {
            tasks.spawn(insert(books.clone(), next, Arc::clone(&inserted)));
            next += 1;
        }
    }
    bar.finish_and_clear();
    if let Some((control, victim)) = victim.filter(|_| is_killed && !is_back) {
        control.restart(victim).await?;
    }

    let (acknowledged, stored) = (inserted.load(Ordering::Relaxed), books.count().await?);
    let while_killed = if is_killed { ", one coordinator killed meanwhile" } else { "" };
    output.entry(
        "inserted",
        &format!("{acknowledged} acknowledged, {found_out} of them found out{while_killed}"),
    );
    output.entry("stored", &format!("{stored}"));
    ensure!(acknowledged == DOCUMENTS && stored == acknowledged, "inserts were lost or doubled");

    let key = books.insert(&Book { title: "Dune".to_owned(), number: DOCUMENTS }).await?.key;
    let read = books.get::<Document<Book>>(&key).await?;
    ensure!(read.as_ref().is_some_and(|read| read.data.title == "Dune"), "the document cannot be read");
    let Some(read) = read else { return Ok(String::new()) };
    let written = books.update(&key, &json!({ "number": 1 })).if_revision(&read.revision).await?;
    let refused = books.update(&key, &json!({ "number": 2 })).if_revision(&read.revision).await;
    let refused = refused.err().map(|error| error.kind());
    ensure!(refused == Some(ErrorKind::PreconditionFailed), "the second change was not refused");
    output.entry(
        "under a revision",
        &format!("{} became {}; a second change under the first is refused", read.revision, written.revision),
    );
    let removed = books.remove(&key).if_revision(&written.revision).await?;
    let revision = removed.revision.map_or_else(|| "unknown".to_owned(), |revision| revision.to_string());
    output.entry("removed", &format!("{key}, which had the revision {revision}"));
    ensure!(books.count().await? == stored, "the document is still there");
    Ok(format!("documents: {acknowledged} acknowledged = {stored} stored, 0 doubled, 0 lost"))
}

/// Inserts one document. Returns 1 if its success had to be found out.
async fn insert(books: Collection, number: u64, inserted: Arc<AtomicU64>) -> Result<u64, arango::Error> {
    let written = books.insert(&Book { title: format!("book {number}"), number }).await?;
    inserted.fetch_add(1, Ordering::Relaxed);
    Ok(u64::from(written.evidence.is_some()))
}
