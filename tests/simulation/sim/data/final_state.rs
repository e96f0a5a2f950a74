//! The documents at the end.

use std::collections::BTreeMap;

use arango::Client;
use arango::data::{Aql, CollectionName};
use serde_json::Value;

use super::setup::{BOOKS, COUNTERS, LOANS, NUMBERED, PARTS};

/// The documents at the end, after everything that was held has arrived.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// How many documents an insert has left.
    inserted: BTreeMap<String, usize>,
    /// The version of the document with a key, if it has one.
    versions: BTreeMap<String, u64>,
    /// The sum of all counters.
    pub(super) sum: u64,
}

impl Stored {
    /// Returns how many documents a call has left that inserts.
    pub(super) fn inserted_by(&self, marker: &str) -> usize {
        self.inserted.get(marker).copied().unwrap_or_default()
    }

    /// Returns the version of a document.
    pub(super) fn version(&self, key: &str) -> Option<u64> {
        self.versions.get(key).copied()
    }

    fn add(&mut self, document: &Value) {
        if let Some(marker) = document["inserted_by"].as_str() {
            *self.inserted.entry(marker.to_owned()).or_default() += 1;
        }
        if let (Some(key), Some(version)) = (document["_key"].as_str(), document["version"].as_u64()) {
            self.versions.insert(key.to_owned(), version);
        }
        self.sum += document["sum"].as_u64().unwrap_or_default();
    }
}

/// Reads all documents with a client that has no faults.
pub(super) async fn read(admin: &Client) -> Stored {
    let mut stored = Stored::default();
    for name in [BOOKS, LOANS, COUNTERS, NUMBERED, PARTS] {
        let name = CollectionName::new(name).expect("it is a name");
        let query = Aql::new("FOR d IN @@all RETURN d").collection("all", &name);
        let documents: Vec<Value> =
            admin.db("_system").query(query).all().await.expect("there are no faults any more");
        for document in &documents {
            stored.add(document);
        }
    }
    stored
}
