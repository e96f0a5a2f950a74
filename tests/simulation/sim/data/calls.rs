//! The calls of a scenario: what, when, and by which client.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::scenario::DataScenario;
use super::setup::{CHANGED_KEYS, COUNTER_KEYS, OVERWRITTEN_KEYS, ROW_COUNT};
use crate::sim::scenario::seeded_rng;
use crate::sim::schedule::{draw_duration, draw_time};

/// The number of keys for inserts with a key of the caller, and for documents that come and go.
const SHARED_KEYS: usize = 3;

/// One call, or several that belong together.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) client: usize,
    pub(super) marker: String,
    pub(super) at: Duration,
    pub(super) kind: CallKind,
    /// When its future is dropped, counted from its start.
    pub(super) drop_after: Option<Duration>,
}

/// What a call does.
#[derive(Debug, Clone)]
pub(super) enum CallKind {
    Document(DocumentCall),
    Query(QueryCall),
}

/// A call, or several, that read or write a document. Numbers distinguish keys.
#[derive(Debug, Clone)]
pub(super) enum DocumentCall {
    /// With a key that the client makes; `is_silent` asks for no result.
    Insert {
        is_silent: bool,
    },
    /// With a key that the client makes, and a removal by it.
    InsertAndRemove,
    /// With a key of the caller and an operation id.
    InsertWithId(usize),
    /// With a key of the caller.
    InsertOwnKey(usize),
    /// With a key of the server, asked for by the handle or by the collection.
    InsertServerKey {
        by_collection: bool,
    },
    /// Unless there is a document.
    InsertIfMissing(usize),
    /// With this version.
    Upsert {
        key: usize,
        version: u64,
    },
    /// A read, and a change under the revision that was read.
    Change {
        key: usize,
        how: Overwrite,
        has_id: bool,
    },
    /// A write without any condition.
    Overwrite {
        key: usize,
        how: Overwrite,
    },
    /// A removal by a key that others use, too.
    Remove(usize),
    /// A read, and a removal under the revision that was read; or an insert, if there is none.
    RemoveOrInsert(usize),
    Modify(usize),
    /// Of a document that is there, or of one that is not.
    Read(Option<u64>),
}

/// How an existing document is overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overwrite {
    Update,
    Replace,
    /// Only without a condition.
    Upsert,
}

/// A query.
#[derive(Debug, Clone)]
pub(super) struct QueryCall {
    pub(super) text: QueryText,
    /// The number of its rows.
    pub(super) rows: u64,
    pub(super) batch_size: u64,
    pub(super) is_stream: bool,
    pub(super) consumer: Consumer,
}

/// What a query does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryText {
    /// Reads documents, in an order.
    Sorted,
    /// Reads documents, in any order.
    Unsorted,
    /// Reads no documents.
    Range,
    /// Inserts documents.
    Insert,
}

/// What becomes of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consumer {
    /// All are read, with a pause of at most this time after each.
    Reads(Duration),
    /// The cursor is dropped after this many rows, with pauses.
    Drops(u64, Duration),
    /// All are read at once.
    All,
    /// The query is read to its end without its rows.
    Finishes,
}

/// Draws all calls of a scenario.
pub(super) fn draw(scenario: &DataScenario) -> Vec<Call> {
    let mut rng = seeded_rng(scenario.base.seed, 61);
    let mut at = Duration::ZERO;
    (0..scenario.calls)
        .map(|number| {
            // Some calls start at the same time, so that they meet.
            if !rng.random_bool(0.4) {
                at = draw_time(&scenario.base, &mut rng);
            }
            let client = rng.random_range(0..scenario.base.clients.len());
            let kind = if rng.random_bool(0.35) {
                CallKind::Query(draw_query(&mut rng))
            } else {
                CallKind::Document(draw_document_call(&mut rng, number))
            };
            let drop_after = rng.random_bool(0.12).then(|| draw_duration(&mut rng, 1, 20_000));
            Call { client, marker: format!("c{client}-{number}"), at, kind, drop_after }
        })
        .collect()
}

fn draw_document_call(rng: &mut StdRng, number: usize) -> DocumentCall {
    let how = if rng.random_bool(0.5) { Overwrite::Update } else { Overwrite::Replace };
    match rng.random_range(0..26) {
        0..=3 => DocumentCall::Insert { is_silent: rng.random_bool(0.3) },
        4 | 5 => DocumentCall::InsertAndRemove,
        6 => DocumentCall::InsertWithId(rng.random_range(0..SHARED_KEYS)),
        7 => DocumentCall::InsertOwnKey(rng.random_range(0..SHARED_KEYS)),
        8 | 9 => DocumentCall::InsertServerKey { by_collection: rng.random_bool(0.5) },
        10 => DocumentCall::InsertIfMissing(rng.random_range(0..SHARED_KEYS)),
        11 | 12 => {
            let version = u64::try_from(number + 1).expect("there are few calls");
            DocumentCall::Upsert { key: rng.random_range(0..SHARED_KEYS), version }
        }
        13..=15 => {
            let has_id = rng.random_bool(0.5);
            DocumentCall::Change { key: rng.random_range(0..CHANGED_KEYS), how, has_id }
        }
        16 => {
            let how = if rng.random_bool(0.3) { Overwrite::Upsert } else { how };
            DocumentCall::Overwrite { key: rng.random_range(0..OVERWRITTEN_KEYS), how }
        }
        17 => DocumentCall::Remove(rng.random_range(0..OVERWRITTEN_KEYS)),
        18 => DocumentCall::RemoveOrInsert(rng.random_range(0..SHARED_KEYS)),
        19..=22 => DocumentCall::Modify(rng.random_range(0..COUNTER_KEYS)),
        _ => DocumentCall::Read(rng.random_bool(0.7).then(|| rng.random_range(0..ROW_COUNT))),
    }
}

fn draw_query(rng: &mut StdRng) -> QueryCall {
    let text = match rng.random_range(0..6) {
        0 | 1 => QueryText::Sorted,
        2 => QueryText::Unsorted,
        3 => QueryText::Range,
        _ => QueryText::Insert,
    };
    let rows = rng.random_range(1..=ROW_COUNT);
    // Up to 24 pauses must not take longer than the minute for which the cursor of a stream is kept.
    let pause = if rng.random_bool(0.5) { draw_duration(rng, 1, 1_500) } else { Duration::ZERO };
    QueryCall {
        text,
        // An order that is not determined can only be compared as a whole.
        rows: if text == QueryText::Unsorted { ROW_COUNT } else { rows },
        batch_size: rng.random_range(1..=8),
        is_stream: rng.random_bool(0.4),
        consumer: match rng.random_range(0..8) {
            0..=2 => Consumer::Reads(pause),
            3..=5 => Consumer::Drops(rng.random_range(0..=rows), pause),
            6 => Consumer::All,
            _ => Consumer::Finishes,
        },
    }
}
