//! Taking the items of an import, and sending them.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use arango_data::{BulkWrite, InsertDocuments, ItemError, Silent};
use arango_transport::protocol::{BuildError, ErrorKind, Outcome};
use serde::Serialize;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::data::bulk::chunks::is_too_large;
use crate::data::bulk::import::options::ImportOptions;
use crate::data::bulk::import::progress::ImportProgress;
use crate::data::bulk::import::report::{ImportReport, ImportStop};
use crate::data::bulk::import::request::{Done, send};
use crate::data::bulk::import::window::Window;
use crate::data::collection::{Collection, Keys};

/// Takes the items of an import one by one.
///
/// Created by [`Import::start`](crate::data::Import::start). Items are collected into requests, several of which run at
/// the same time. [`finish`](Self::finish) sends the rest and returns the report. If it is dropped before, the requests
/// in progress are abandoned: the items in them [may be executed](ImportProgress::in_flight).
#[must_use = "the last items are sent by `finish`"]
pub struct ImportSink {
    collection: Collection,
    options: ImportOptions,
    /// The request that is being filled.
    filling: Request,
    /// A full request that waits until one of those in progress has ended.
    waiting: Option<Request>,
    running: JoinSet<Done>,
    /// The requests in progress.
    sent: HashMap<Id, SentRequest>,
    window: Window,
    report: ImportReport,
    in_flight: u64,
    /// The position of the next item.
    position: u64,
    started: Instant,
    is_finished: bool,
}

struct Request {
    write: InsertDocuments<Silent>,
    positions: Vec<u64>,
}

struct SentRequest {
    positions: Vec<u64>,
    epoch: u64,
}

/// An import takes no more items.
///
/// [`ImportSink::finish`] returns why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportStopped;

impl fmt::Display for ImportStopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the import has stopped; `finish` returns why")
    }
}

impl std::error::Error for ImportStopped {}

impl ImportSink {
    #[inline]
    pub(super) fn new(
        collection: Collection,
        empty: InsertDocuments<Silent>,
        in_flight: usize,
        options: ImportOptions,
    ) -> Self {
        Self {
            collection,
            options,
            filling: Request { write: empty, positions: Vec::new() },
            waiting: None,
            running: JoinSet::new(),
            sent: HashMap::new(),
            window: Window::new(in_flight),
            report: ImportReport::default(),
            in_flight: 0,
            position: 0,
            started: Instant::now(),
            is_finished: false,
        }
    }

    /// Adds an item, serialised at once. Waits while as many requests are in progress as may be.
    ///
    /// An item that is no valid document is a failed item of the report. If the future is dropped while it waits, the
    /// item is not added.
    ///
    /// # Errors
    ///
    /// If the import has stopped.
    pub async fn feed<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ImportStopped> {
        self.make_room().await?;
        let (position, keys) = (self.position, self.collection.keys());
        self.position += 1;
        let collection = &self.collection;
        let pushed = match keys {
            Keys::Client => self.filling.write.push_with_key(item, || collection.new_key()),
            Keys::Server => self.filling.write.push(item),
        };
        self.add(position, pushed);
        Ok(())
    }

    /// Adds the JSON of an item, which is checked and not decoded. Otherwise as [`feed`](Self::feed).
    ///
    /// # Errors
    ///
    /// If the import has stopped.
    #[inline]
    pub async fn feed_json(&mut self, json: &[u8]) -> Result<(), ImportStopped> {
        self.make_room().await?;
        let position = self.position;
        self.position += 1;
        self.add_json(position, json);
        Ok(())
    }

    /// Sends the rest, waits until the result of each item is known, and returns the report.
    #[inline]
    pub async fn finish(mut self) -> ImportReport {
        if self.make_room().await.is_ok() {
            self.begin_next();
        }
        while self.waiting.is_some() && self.report.stopped.is_none() {
            self.wait_for_one().await;
            self.begin_waiting();
        }
        while !self.running.is_empty() {
            self.wait_for_one().await;
        }
        let rest = [Some(&self.filling), self.waiting.as_ref()].into_iter().flatten();
        self.report.not_sent = rest.map(|request| request.positions.len() as u64).sum();
        self.is_finished = true;
        self.show_progress();
        self.report.elapsed = self.started.elapsed();
        // Items that are not sent fail before items that were sent earlier.
        self.report.failures.sort_by_key(|failure| failure.position);
        std::mem::take(&mut self.report)
    }

    /// Returns how far the import is.
    pub fn progress(&self) -> ImportProgress {
        ImportProgress {
            items: self.report.items,
            stored: self.report.stored,
            failed: self.report.failed,
            in_flight: self.in_flight,
            bytes: self.report.bytes,
            window: self.window.size(),
            elapsed: self.started.elapsed(),
        }
    }

    /// Waits until an item can be added: only one full request is kept besides those in progress.
    #[inline]
    pub(super) async fn make_room(&mut self) -> Result<(), ImportStopped> {
        while self.waiting.is_some() && self.report.stopped.is_none() {
            self.wait_for_one().await;
            self.begin_waiting();
        }
        if self.report.stopped.is_some() { Err(ImportStopped) } else { Ok(()) }
    }

    /// Adds a line, which stands at this position.
    #[inline]
    pub(super) fn add_json(&mut self, position: u64, json: &[u8]) {
        let collection = &self.collection;
        let key = (collection.keys() == Keys::Client).then_some(|| collection.new_key());
        let pushed = self.filling.write.push_json(json, key);
        self.add(position, pushed);
    }

    #[inline]
    pub(super) fn add(&mut self, position: u64, pushed: Result<(), BuildError>) {
        self.report.items += 1;
        if let Err(error) = pushed {
            self.record_failure(position, ItemError::invalid(&error));
            return;
        }
        self.filling.positions.push(position);
        if is_too_large(&self.filling.write, self.options.chunk_bytes, self.options.chunk_items) {
            self.filling.positions.pop();
            let next = Request { write: self.filling.write.split_last(), positions: vec![position] };
            self.waiting = Some(std::mem::replace(&mut self.filling, next));
            self.reap();
            self.begin_waiting();
        }
    }

    pub(super) fn record_blank_line(&mut self) {
        self.report.blank_lines += 1;
    }

    pub(super) fn stop(&mut self, reason: ImportStop) {
        self.report.stopped.get_or_insert(reason);
    }

    /// Stops because the lines cannot be read.
    #[inline]
    pub(super) fn stop_reading(&mut self, error: io::Error) {
        self.stop(ImportStop::Read(error));
    }

    /// Lets the request that is being filled wait.
    #[inline]
    fn begin_next(&mut self) {
        if !self.filling.write.is_empty() {
            let empty = self.filling.write.without_items();
            let next = Request { write: empty, positions: Vec::new() };
            self.waiting = Some(std::mem::replace(&mut self.filling, next));
            self.begin_waiting();
        }
    }

    /// Sends the waiting request, if one more may be in progress.
    #[inline]
    fn begin_waiting(&mut self) {
        if self.running.len() >= self.window.size() || self.report.stopped.is_some() {
            return;
        }
        let Some(Request { mut write, positions }) = self.waiting.take() else { return };
        write.seal();
        self.report.bytes += write.bytes() as u64;
        self.in_flight += positions.len() as u64;
        let task = self.running.spawn(send(self.collection.clone(), write));
        self.sent.insert(task.id(), SentRequest { positions, epoch: self.window.epoch() });
    }

    /// Takes the results of the requests that have ended.
    #[inline]
    fn reap(&mut self) {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.record(ended);
        }
    }

    #[inline]
    async fn wait_for_one(&mut self) {
        if let Some(ended) = self.running.join_next_with_id().await {
            self.record(ended);
        }
    }

    #[inline]
    fn record(&mut self, ended: Result<(Id, Done), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(SentRequest { positions, epoch }) = self.sent.remove(&id) else { return };
        self.in_flight -= positions.len() as u64;
        match ended {
            Ok((_, Done { sent, is_overloaded })) => {
                self.window.record(epoch, is_overloaded);
                if self.collection.has_refused_generated_keys() {
                    self.collection.set_keys(Keys::Server);
                }
                let is_itemised = sent.is_itemised();
                for (position, item) in positions.into_iter().zip(sent.items) {
                    match item {
                        Ok(Silent { evidence, .. }) => {
                            self.report.stored += 1;
                            self.report.found_out += u64::from(evidence.is_some());
                        }
                        Err(error) => self.record_failure(position, error),
                    }
                }
                if let Some(error) = sent.error.filter(|error| !is_itemised && !error.is_transient()) {
                    self.stop(ImportStop::Refused(error));
                }
            }
            Err(error) => {
                if error.is_panic() {
                    std::panic::resume_unwind(error.into_panic());
                }
                // The runtime of the requests was shut down.
                let message = Arc::from("the runtime was shut down while the request was in progress");
                for position in positions {
                    let error = ItemError::of_request(ErrorKind::NoRuntime, Outcome::Unknown, &message);
                    self.record_failure(position, error);
                }
            }
        }
        self.show_progress();
    }

    #[inline]
    fn record_failure(&mut self, position: u64, error: ItemError) {
        self.report.record_failure(position, error, self.options.kept_failures);
        if self.options.stop_after.is_some_and(|most| self.report.failed >= most) {
            self.stop(ImportStop::Failures);
        }
    }

    fn show_progress(&self) {
        if let Some(show) = &self.options.progress {
            show(&self.progress());
        }
    }
}

/// Shows the progress for the last time, if the import was not finished.
impl Drop for ImportSink {
    fn drop(&mut self) {
        if !self.is_finished {
            self.show_progress();
        }
    }
}

impl fmt::Debug for ImportSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportSink").field("progress", &self.progress()).finish_non_exhaustive()
    }
}
