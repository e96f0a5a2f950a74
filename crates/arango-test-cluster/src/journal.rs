//! The journal: requests that reached a coordinator, and requests that were executed there.
//!
//! Tests of retries must count *executions*, not sends. Each request that a coordinator reads becomes an [`Entry`]. Its
//! `executed` turns true at the instant the handler applies the request to the cluster's state, and stays false if the
//! request was lost before. The header `x-sim-marker` names a request.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;

/// How many entries are kept. Counts by marker and by coordinator continue beyond it.
const MAX_ENTRIES: usize = 65_536;

/// A request that reached a coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Index of the coordinator that read it.
    pub coordinator: usize,
    /// Id of that coordinator, `CRDN-…`.
    pub coordinator_id: String,
    /// Its method.
    pub method: Method,
    /// The path without its database prefix and without the query.
    pub path: String,
    /// The query, without the question mark; empty if there is none.
    pub query: String,
    /// The database of the request; `_system` if its path names none.
    pub database: String,
    /// The value of the header `x-sim-marker`.
    pub marker: Option<String>,
    /// The length of its body in bytes, as received.
    pub length: usize,
    /// The encoding of its body, from the request's header.
    pub encoding: Option<String>,
    /// Whether a handler applied the request.
    pub executed: bool,
    /// How many documents it has inserted, changed or removed, all its copies together.
    pub changes: usize,
    /// The status of the response, once it is decided. Faults may still prevent that it is sent.
    pub status: Option<u16>,
}

/// The requests of all coordinators, in the order in which they were read.
///
/// Clones are cheap and share one journal.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Mutex<JournalState>>,
}

#[derive(Default)]
struct JournalState {
    /// The number of the oldest entry that is kept.
    first: u64,
    entries: VecDeque<Entry>,
    markers: BTreeMap<String, Counts>,
    requests: Vec<usize>,
    executed: usize,
}

/// Counts of the requests with one marker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that a coordinator read.
    pub received: usize,
    /// Requests that a handler applied.
    pub executed: usize,
    /// Documents that these requests have inserted, changed or removed.
    pub changes: usize,
}

/// Identifies an entry that is completed later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EntryId(u64);

impl Journal {
    pub(crate) fn new(coordinators: usize) -> Self {
        let records = JournalState { requests: vec![0; coordinators], ..JournalState::default() };
        Self { inner: Arc::new(Mutex::new(records)) }
    }

    /// Returns the latest entries, oldest first, at most 65 536.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Returns the latest entries that match, oldest first, at most `count`, each with its number: how many entries
    /// came before it.
    pub(crate) fn latest(
        &self,
        count: usize,
        mut wanted: impl FnMut(u64, &Entry) -> bool,
    ) -> Vec<(u64, Entry)> {
        let records = self.lock();
        let end = records.first + u64::try_from(records.entries.len()).unwrap_or(u64::MAX);
        let numbered = (records.first..end).rev().zip(records.entries.iter().rev());
        let wanted = numbered.filter(|(number, entry)| wanted(*number, entry)).take(count);
        let mut latest: Vec<_> = wanted.map(|(number, entry)| (number, entry.clone())).collect();
        latest.reverse();
        latest
    }

    /// Returns how many requests with this marker were read, by any coordinator.
    pub fn received(&self, marker: &str) -> usize {
        self.counts(marker).received
    }

    /// Returns how many requests with this marker were executed, by any coordinator.
    pub fn executions(&self, marker: &str) -> usize {
        self.counts(marker).executed
    }

    /// Returns how many documents requests with this marker have inserted, changed or removed.
    ///
    /// A document that was written twice counts twice. A request that was refused, or that found nothing to change, is
    /// executed and changes none. Truncations are not counted.
    ///
    /// What a request writes within a stream transaction counts for the request that commits it, when its changes are
    /// made: each document once, also those that a truncation has removed, and only on the leaders that have committed.
    /// A repeated commit has no changes.
    pub fn changes(&self, marker: &str) -> usize {
        self.counts(marker).changes
    }

    /// Returns how many of the kept entries were executed and match `wanted`.
    pub fn executions_matching(&self, mut wanted: impl FnMut(&Entry) -> bool) -> usize {
        self.lock().entries.iter().filter(|entry| entry.executed && wanted(entry)).count()
    }

    /// Returns how many requests coordinator `index` has read.
    pub fn requests_to(&self, index: usize) -> usize {
        self.lock().requests.get(index).copied().unwrap_or_default()
    }

    /// Returns how many requests each coordinator has read.
    pub fn requests_per_coordinator(&self) -> Vec<usize> {
        self.lock().requests.clone()
    }

    /// Returns how many requests were executed in all.
    pub fn executed(&self) -> usize {
        self.lock().executed
    }

    /// Returns the counts of all markers that begin with `prefix`.
    pub fn markers(&self, prefix: &str) -> BTreeMap<String, Counts> {
        let records = self.lock();
        let from = records.markers.range(prefix.to_owned()..);
        from.take_while(|(marker, _)| marker.starts_with(prefix))
            .map(|(marker, counts)| (marker.clone(), *counts))
            .collect()
    }

    /// Removes all entries and counts so far.
    pub fn clear(&self) {
        let mut records = self.lock();
        let removed = u64::try_from(records.entries.len()).unwrap_or(u64::MAX);
        records.first += removed;
        records.entries.clear();
        records.markers.clear();
        records.requests.fill(0);
        records.executed = 0;
    }

    pub(crate) fn record_received(&self, entry: Entry) -> EntryId {
        let mut records = self.lock();
        if let Some(requests) = records.requests.get_mut(entry.coordinator) {
            *requests += 1;
        }
        if let Some(marker) = &entry.marker {
            records.markers.entry(marker.clone()).or_default().received += 1;
        }
        if records.entries.len() == MAX_ENTRIES {
            records.entries.pop_front();
            records.first += 1;
        }
        records.entries.push_back(entry);
        let last = u64::try_from(records.entries.len() - 1).unwrap_or(u64::MAX);
        EntryId(records.first + last)
    }

    pub(crate) fn record_executed(&self, id: EntryId, marker: Option<&str>) {
        let mut records = self.lock();
        records.executed += 1;
        if let Some(marker) = marker {
            records.markers.entry(marker.to_owned()).or_default().executed += 1;
        }
        if let Some(entry) = records.entry(id) {
            entry.executed = true;
        }
    }

    pub(crate) fn record_changes(&self, id: EntryId, marker: Option<&str>, changes: usize) {
        let mut records = self.lock();
        if let Some(marker) = marker {
            records.markers.entry(marker.to_owned()).or_default().changes += changes;
        }
        if let Some(entry) = records.entry(id) {
            entry.changes += changes;
        }
    }

    pub(crate) fn record_status(&self, id: EntryId, status: u16) {
        if let Some(entry) = self.lock().entry(id) {
            entry.status = Some(status);
        }
    }

    fn counts(&self, marker: &str) -> Counts {
        self.lock().markers.get(marker).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, JournalState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.lock();
        f.debug_struct("Journal")
            .field("requests", &records.requests)
            .field("executed", &records.executed)
            .finish_non_exhaustive()
    }
}

impl JournalState {
    fn entry(&mut self, id: EntryId) -> Option<&mut Entry> {
        let index = usize::try_from(id.0.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(marker: &str) -> Entry {
        Entry {
            coordinator: 0,
            coordinator_id: "CRDN-a".into(),
            method: Method::POST,
            path: "/_api/document/books".into(),
            query: String::new(),
            database: "_system".into(),
            marker: Some(marker.into()),
            length: 0,
            encoding: None,
            executed: false,
            changes: 0,
            status: None,
        }
    }

    #[test]
    fn a_request_read_but_not_applied_does_not_count_as_executed() {
        let journal = Journal::new(1);
        journal.record_received(entry("m"));
        let second = journal.record_received(entry("m"));
        journal.record_executed(second, Some("m"));

        assert_eq!((journal.received("m"), journal.executions("m")), (2, 1));
        assert_eq!(journal.executions_matching(|entry| entry.path.ends_with("books")), 1);
    }

    #[test]
    fn counts_survive_the_entries_they_came_from() {
        let journal = Journal::new(1);
        for _ in 0..=MAX_ENTRIES {
            journal.record_received(entry("m"));
        }

        assert_eq!(journal.entries().len(), MAX_ENTRIES);
        assert_eq!((journal.received("m"), journal.requests_to(0)), (MAX_ENTRIES + 1, MAX_ENTRIES + 1));
    }

    #[test]
    fn a_cleared_entry_is_not_mistaken_for_a_later_one() {
        let journal = Journal::new(1);
        let old = journal.record_received(entry("old"));
        journal.clear();
        journal.record_received(entry("new"));
        journal.record_status(old, 200);

        assert_eq!(journal.entries()[0].status, None);
    }

    #[test]
    fn markers_are_listed_by_prefix() {
        let journal = Journal::new(1);
        for marker in ["p-1", "p-2", "q-1"] {
            journal.record_received(entry(marker));
        }

        let found = journal.markers("p-");

        assert_eq!(found.keys().collect::<Vec<_>>(), ["p-1", "p-2"]);
    }
}
