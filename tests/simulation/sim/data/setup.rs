//! The cluster of a scenario, and the documents that it begins with.

use std::sync::Arc;
use std::time::Duration;

use arango::data::{KeyGenerator, KeyOptions};
use arango::{Client, Database};
use arango_test_cluster::TestCluster;
use serde_json::{Value, json};

use super::scenario::DataScenario;
use crate::sim::admin;

/// Writes that a second copy does not change, and that are looked into if they are refused. Coordinators repeat the
/// inserts here, and late copies of all writes come here.
pub(super) const BOOKS: &str = "books";
/// Writes that are sent once.
pub(super) const LOANS: &str = "loans";
/// Documents that are only modified.
pub(super) const COUNTERS: &str = "counters";
/// Documents with keys of the server.
pub(super) const NUMBERED: &str = "numbered";
/// Documents that no call changes.
pub(super) const ROWS: &str = "rows";
/// Documents that queries insert.
pub(super) const PARTS: &str = "parts";

/// The number of documents in `rows`, with keys from `r0` on.
pub(super) const ROW_COUNT: u64 = 24;
/// The numbers of documents that are changed, of documents that are overwritten, and of counters.
pub(super) const CHANGED_KEYS: usize = 4;
pub(super) const OVERWRITTEN_KEYS: usize = 3;
pub(super) const COUNTER_KEYS: usize = 2;

/// Starts the cluster, creates collections and documents, and returns a client whose network has no faults.
pub(super) async fn start_cluster(scenario: &DataScenario) -> (Arc<TestCluster>, Client) {
    let (cluster, admin) = admin::start_cluster(&scenario.base).await;
    create_documents(&admin.db("_system")).await.expect("there are no faults yet");
    // Time for the collections to propagate to all coordinators.
    tokio::time::sleep(Duration::from_secs(2)).await;
    (cluster, admin)
}

async fn create_documents(database: &Database) -> arango::Result<()> {
    for name in [BOOKS, LOANS, COUNTERS, ROWS, PARTS] {
        database.create_collection(name).await?;
    }
    let options = KeyOptions::new(KeyGenerator::Autoincrement);
    database.create_collection(NUMBERED).key_options(options).await?;
    for number in 0..ROW_COUNT {
        insert(database, ROWS, &format!("r{number}"), &json!({ "n": number })).await?;
    }
    for number in 0..CHANGED_KEYS {
        insert(database, BOOKS, &format!("u{number}"), &json!({ "last": null })).await?;
    }
    for number in 0..OVERWRITTEN_KEYS {
        insert(database, LOANS, &format!("p{number}"), &json!({ "last": null })).await?;
    }
    for number in 0..COUNTER_KEYS {
        insert(database, COUNTERS, &format!("n{number}"), &json!({ "sum": 0, "name": "other" })).await?;
    }
    Ok(())
}

async fn insert(database: &Database, collection: &str, key: &str, document: &Value) -> arango::Result<()> {
    database.collection(collection).insert(document).key(key).await.map(drop)
}
