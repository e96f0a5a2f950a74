//! The items of a bulk write, cut into requests.

use std::sync::Arc;

use arango_data::{BulkWrite, ItemError, Transactional};
use arango_transport::Error;
use arango_transport::protocol::{BuildError, ErrorKind, Outcome};

use crate::data::bulk::report::BulkReport;
use crate::data::collection::Collection;

/// The longest body of a request, in bytes, unless one item alone is longer.
pub(super) const MAX_BYTES: usize = 8 << 20;
/// The most items of a request.
pub(super) const MAX_ITEMS: usize = 10_000;

/// The items of a bulk write, cut into requests.
#[derive(Debug)]
pub(super) struct Chunks<O> {
    full: Vec<Chunk<O>>,
    last: Chunk<O>,
    /// What is no valid document, with its place.
    invalid: Vec<(usize, ItemError)>,
    /// The number of items, valid or not.
    count: usize,
}

/// One request, and the places of its items.
#[derive(Debug)]
struct Chunk<O> {
    write: O,
    places: Vec<usize>,
}

impl<O> Chunks<O> {
    pub(super) fn new(empty: O) -> Self {
        let last = Chunk { write: empty, places: Vec::new() };
        Self { full: Vec::new(), last, invalid: Vec::new(), count: 0 }
    }

    /// Changes an option of all requests.
    pub(super) fn map<P>(self, change: impl Fn(O) -> P) -> Chunks<P> {
        let change = |chunk: Chunk<O>| Chunk { write: change(chunk.write), places: chunk.places };
        Chunks {
            full: self.full.into_iter().map(&change).collect(),
            last: change(self.last),
            invalid: self.invalid,
            count: self.count,
        }
    }

    /// Checks the options, which all requests have in common.
    pub(super) fn check(&self, check: impl Fn(&O) -> Result<(), BuildError>) -> Result<(), BuildError> {
        check(&self.last.write)
    }

    pub(super) fn any(&self, is_wanted: impl Fn(&O) -> bool) -> bool {
        self.full.iter().chain([&self.last]).any(|chunk| is_wanted(&chunk.write))
    }
}

impl<O: BulkWrite> Chunks<O> {
    /// Adds an item. An error of `push` becomes the result of the item.
    pub(super) fn add(&mut self, push: impl FnOnce(&mut O) -> Result<(), BuildError>) {
        let place = self.count;
        self.count += 1;
        if let Err(error) = push(&mut self.last.write) {
            self.invalid.push((place, ItemError::invalid(&error)));
            return;
        }
        self.last.places.push(place);
        if is_too_large(&self.last.write, MAX_BYTES, MAX_ITEMS) {
            self.last.places.pop();
            let next = Chunk { write: self.last.write.split_last(), places: vec![place] };
            let mut full = std::mem::replace(&mut self.last, next);
            full.write.seal();
            self.full.push(full);
        }
    }
}

impl<O: BulkWrite + Transactional> Chunks<O> {
    /// Sends one request after the other.
    ///
    /// If one is refused for a reason that is not transient, no further one is sent.
    pub(super) async fn send(self, collection: &Collection) -> Result<BulkReport<O::Item>, Error> {
        let mut results: Vec<Option<Result<O::Item, ItemError>>> = (0..self.count).map(|_| None).collect();
        let has_invalid = !self.invalid.is_empty();
        for (place, error) in self.invalid {
            results[place] = Some(Err(error));
        }
        let mut stop: Option<(ErrorKind, Arc<str>)> = None;
        // The error of the call, if all its requests have failed as a whole, with the same outcome.
        let mut failed: Option<Error> = None;
        let mut is_itemised = false;
        for Chunk { mut write, places } in self.full.into_iter().chain([self.last]) {
            if write.is_empty() {
                continue;
            }
            let items = if let Some((kind, message)) = &stop {
                let not_sent = || Err(ItemError::of_request(*kind, Outcome::NotExecuted, message));
                is_itemised |= failed.as_ref().is_some_and(|error| !error.was_not_executed());
                places.iter().map(|_| not_sent()).collect()
            } else {
                write.seal();
                let sent = collection.send_items(&mut write).await;
                is_itemised |= sent.is_itemised();
                if let Some(error) = sent.error {
                    if !error.is_transient() {
                        stop = Some((error.kind(), Arc::from(error.to_string())));
                    }
                    // What is no valid document was not executed.
                    is_itemised |= has_invalid && !error.was_not_executed();
                    is_itemised |= failed.as_ref().is_some_and(|first| first.outcome() != error.outcome());
                    failed.get_or_insert(error);
                }
                sent.items
            };
            for (place, item) in places.into_iter().zip(items) {
                results[place] = Some(item);
            }
        }
        match failed {
            Some(error) if !is_itemised => Err(error),
            _ => Ok(BulkReport::new(results.into_iter().flatten().collect())),
        }
    }
}

/// Returns whether the last item does not fit into the request.
pub(super) fn is_too_large<O: BulkWrite>(write: &O, max_bytes: usize, max_items: usize) -> bool {
    write.len() > max_items || (write.bytes() > max_bytes && write.len() > 1)
}

#[cfg(test)]
mod tests {
    use arango_data::{CollectionName, InsertDocuments};
    use serde_json::json;

    use super::*;

    fn chunks() -> Chunks<InsertDocuments> {
        Chunks::new(InsertDocuments::new(&CollectionName::new("books").unwrap()))
    }

    fn sizes(chunks: &Chunks<InsertDocuments>) -> Vec<usize> {
        chunks.full.iter().chain([&chunks.last]).map(|chunk| chunk.places.len()).collect()
    }

    #[test]
    fn a_request_has_at_most_ten_thousand_items_and_no_item_is_lost_or_moved() {
        let mut chunks = chunks();
        for number in 0..20_001 {
            chunks.add(|write| write.push(&json!({ "n": number })));
        }
        assert_eq!(sizes(&chunks), [10_000, 10_000, 1]);
        let places: Vec<usize> =
            chunks.full.iter().chain([&chunks.last]).flat_map(|chunk| chunk.places.clone()).collect();
        assert_eq!(places, (0..20_001).collect::<Vec<_>>());
    }

    #[test]
    fn a_request_has_at_most_eight_mebibytes_unless_one_item_alone_is_longer() {
        let mut chunks = chunks();
        let text = "x".repeat(3 << 20);
        for _ in 0..5 {
            chunks.add(|write| write.push(&json!({ "text": &text })));
        }
        let long = "x".repeat(9 << 20);
        chunks.add(|write| write.push(&json!({ "text": &long })));
        chunks.add(|write| write.push(&json!({})));
        assert_eq!(sizes(&chunks), [2, 2, 1, 1, 1]);
        assert!(chunks.full.iter().all(|chunk| chunk.write.len() == 1 || chunk.write.bytes() <= MAX_BYTES));
    }

    #[test]
    fn what_is_no_document_keeps_its_place() {
        let mut chunks = chunks();
        chunks.add(|write| write.push(&json!({})));
        chunks.add(|write| write.push(&f64::NAN));
        chunks.add(|write| write.push(&json!({})));
        assert_eq!((chunks.last.places, chunks.invalid[0].0, chunks.count), (vec![0, 2], 1, 3));
    }
}
