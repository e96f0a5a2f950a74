//! A cursor of many batches.

use std::sync::atomic::{AtomicUsize, Ordering};

use arango::data::{Aql, RawRows};
use arango::{Client, Limits};
use serde::{Deserialize, Deserializer};

use crate::{alone, live_bytes, stub_cursor};

/// The most bytes that were on the heap when a row was decoded: with the body, and with the rows before it.
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// A row that is about as large as its JSON.
struct Row(String);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = String::deserialize(deserializer)?;
        PEAK.fetch_max(live_bytes(), Ordering::Relaxed);
        Ok(Self(row))
    }
}

const BATCH_ROWS: usize = 1000;
const ROW_BYTES: usize = 585;

/// Reads a cursor slowly, and returns the most batches that were in memory.
async fn peak_in_batches(batches: u32) -> f64 {
    let text = serde_json::to_string(&vec!["x".repeat(ROW_BYTES); BATCH_ROWS]).unwrap();
    let batch = text.len();
    let address = stub_cursor::start(batches, text).await;
    // The connection reads into buffers of at most this size. By default that is two thirds of a batch.
    let limits = Limits::default().head_bytes(16 << 10);
    let client = Client::builder().hosts(format!("http://{address}")).limits(limits).build().unwrap();
    let before = live_bytes();
    PEAK.store(0, Ordering::Relaxed);
    let mut rows = client.db("_system").query::<Row>(Aql::new("FOR b IN books RETURN b.text")).await.unwrap();
    let mut count = 0;
    while let Some(Row(row)) = rows.try_next().await.unwrap() {
        assert_eq!(row.len(), ROW_BYTES);
        count += 1;
        // The next batch arrives while half of this one is left.
        tokio::task::yield_now().await;
    }
    assert_eq!(count, batches as usize * BATCH_ROWS);
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let peak = (PEAK.load(Ordering::Relaxed) - before) as f64 / batch as f64;
    peak
}

/// Reads a cursor whose rows borrow from their batch, and returns the most batches that were in memory.
async fn peak_in_borrowed_batches(batches: u32) -> f64 {
    let text = serde_json::to_string(&vec!["x".repeat(ROW_BYTES); BATCH_ROWS]).unwrap();
    let batch = text.len();
    let address = stub_cursor::start(batches, text).await;
    let limits = Limits::default().head_bytes(16 << 10);
    let client = Client::builder().hosts(format!("http://{address}")).limits(limits).build().unwrap();
    let before = live_bytes();
    let query = Aql::new("FOR b IN books RETURN b.text");
    let mut cursor = client.db("_system").query::<RawRows>(query).await.unwrap();
    let (mut count, mut peak) = (0, 0);
    while let Some(batch) = cursor.next_batch().await.unwrap() {
        for row in batch.rows::<&str>() {
            assert_eq!(row.unwrap().len(), ROW_BYTES);
            count += 1;
            // The next batch arrives meanwhile.
            tokio::task::yield_now().await;
            peak = peak.max(live_bytes());
        }
    }
    assert_eq!(count, batches as usize * BATCH_ROWS);
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let peak = (peak - before) as f64 / batch as f64;
    peak
}

#[test]
fn borrowed_rows_need_the_memory_of_their_batch_and_of_the_next_one() {
    alone(async {
        let peak = peak_in_borrowed_batches(50).await;
        anstream::println!("{peak:.2} batches were in memory");
        // Beside them: the place of each row in its batch, and both ends of the connection with their buffers.
        assert!(peak < 2.4, "{peak:.2} batches were in memory");
    });
}

/// Half a batch of rows is left when the next one arrives: its text, and the rows that are decoded from it.
#[test]
fn a_cursor_of_fifty_batches_needs_the_memory_of_less_than_three() {
    alone(async {
        let (few, many) = (peak_in_batches(5).await, peak_in_batches(50).await);
        assert!(many < 3.0, "{many:.2} batches were in memory");
        // How much of a batch is left when the next one arrives depends on the network.
        assert!(many < few + 0.6, "{few:.2} batches were in memory, and {many:.2} if there are more of them");
    });
}
