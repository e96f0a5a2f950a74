//! What tickets conclude from the documents that are stored.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use arango::data::Evidence;
use arango::protocol::Conclusion;
use serde_json::value::to_raw_value;

use crate::document::Document;
use crate::writes::Write;

/// What tickets conclude from the documents that are stored.
#[derive(Default)]
pub(crate) struct Tickets {
    known: RwLock<HashMap<(usize, Option<Document>), Concluded>>,
}

/// What a ticket concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concluded {
    Executed(Evidence),
    NotExecuted,
    Undecided,
}

impl Tickets {
    /// Returns what the ticket of a write concludes; `None` if it has no ticket.
    pub(crate) fn conclusion(
        &self,
        index: usize,
        write: &Write,
        stored: Option<Document>,
    ) -> Option<Concluded> {
        let ticket = write.ticket.as_ref()?;
        let key = (index, stored);
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(*known);
        }
        let json = stored.zip(write.slot).map(|(document, slot)| document.json(slot));
        let json = json.map(|json| to_raw_value(&json).expect("a document"));
        let concluded = match ticket.conclusion(Ok(json)) {
            Conclusion::Executed(evidence) => Concluded::Executed(evidence),
            Conclusion::NotExecuted => Concluded::NotExecuted,
            _ => Concluded::Undecided,
        };
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, concluded);
        Some(concluded)
    }
}
