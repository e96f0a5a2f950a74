//! An import of many requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::{Client, Limits};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{alone, live_bytes, stub_documents};

/// The most bytes that were on the heap when a document was serialised.
static PEAK: AtomicUsize = AtomicUsize::new(0);

const ITEMS: usize = 250;
const IN_FLIGHT: u8 = 3;
/// About 4 KiB: what is kept for each item beside its JSON hardly counts.
const TEXT: &str = const {
    const BYTES: [u8; 4096] = [b'x'; 4096];
    match std::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => panic!("it is ASCII"),
    }
};

/// A document that needs no memory itself.
struct Document(usize);

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PEAK.fetch_max(live_bytes(), Ordering::Relaxed);
        let mut document = serializer.serialize_struct("Document", 2)?;
        document.serialize_field("_key", &format_args!("k{}", self.0 % ITEMS))?;
        document.serialize_field("text", TEXT)?;
        document.end()
    }
}

/// Imports so many requests, and returns how many of them were in memory at most.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
async fn peak_in_requests(requests: usize) -> f64 {
    let success = |key| format!(r#"{{"_id":"books/k{key}","_key":"k{key}","_rev":"_kQ2bW7e---"}}"#);
    let successes: Vec<_> = (0..ITEMS).map(success).collect();
    let successes = format!("[{}]", successes.join(","));
    // The requests are slower than the client, so as many are in progress as may be.
    let address = stub_documents::start(successes, Duration::from_millis(5)).await;
    let limits = Limits::default().head_bytes(16 << 10);
    let client = Client::builder().hosts(format!("http://{address}")).limits(limits).build().unwrap();
    let books = client.db("_system").collection("books");
    let before = live_bytes();
    PEAK.store(0, Ordering::Relaxed);
    let import =
        books.import((0..requests * ITEMS).map(Document)).chunk_items(ITEMS).in_flight(IN_FLIGHT.into());
    let report = import.await.unwrap().into_result().unwrap();
    assert_eq!(report.stored, (requests * ITEMS) as u64);
    let size = report.bytes as f64 / requests as f64;
    (PEAK.load(Ordering::Relaxed) - before) as f64 / size
}

#[test]
fn an_import_needs_the_memory_of_the_requests_in_progress_and_of_one_more() {
    alone(async {
        let peak = peak_in_requests(40).await;
        // A waiting request and the one that is being filled are never both full. What is kept for each item, and how an
        // array grows, is a part of a request.
        let limit = f64::from(IN_FLIGHT) + 1.5;
        assert!(peak < limit, "{peak:.2} of 40 requests were in memory");
    });
}
