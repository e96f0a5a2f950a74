//! The journal of proxies: what has passed, without bodies, credentials and queries.
//!
//! A proxy does not know what a server has executed; it knows what it has passed on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use http::Method;
use http::request::Parts;

use crate::http::request::{Target, without_repeated_slashes};

/// How many exchanges are kept. Counts by marker and by coordinator continue beyond it.
const MAX_EXCHANGES: usize = 65_536;

/// A request and its response, or a connection with TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// Its number, from 1 in the order in which exchanges begin.
    pub number: u64,
    /// Index of the coordinator behind the proxy.
    pub coordinator: usize,
    /// When it began.
    pub begin: SystemTime,
    /// The method. `None`: a connection with TLS.
    pub method: Option<Method>,
    /// The path without its database prefix and without the query. Empty with TLS.
    pub path: String,
    /// The database of the request, percent-encoded; `_system` if its path names none. Empty with TLS.
    pub database: String,
    /// The value of the header `x-sim-marker`.
    pub marker: Option<String>,
    /// Whether the head of the request was passed on to the coordinator.
    pub forwarded: bool,
    /// The status of the coordinator's response, or of the fault that has replaced it.
    pub status: Option<u16>,
    /// Bytes that the client has sent: of the body, or of the connection with TLS.
    pub request_bytes: u64,
    /// Bytes that the coordinator has sent: of the body, or of the connection with TLS.
    pub response_bytes: u64,
}

/// What has passed the proxies of a cluster, in the order in which it began.
///
/// Clones are cheap and share one journal.
#[derive(Debug, Clone, Default)]
pub struct TrafficJournal {
    inner: Arc<Mutex<Traffic>>,
}

#[derive(Debug, Default)]
struct Traffic {
    /// The number of the latest exchange.
    last: u64,
    exchanges: VecDeque<Exchange>,
    requests: BTreeMap<usize, usize>,
    markers: BTreeMap<String, MarkerCounts>,
}

/// Counts of the requests with one marker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct MarkerCounts {
    pub(super) received: usize,
    pub(super) forwarded: usize,
}

impl TrafficJournal {
    /// Returns the latest exchanges, oldest first, at most 65 536.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().cloned().collect()
    }

    /// Returns how many requests with this marker the proxies have received.
    pub fn received(&self, marker: &str) -> usize {
        self.lock().markers.get(marker).map_or(0, |counts| counts.received)
    }

    /// Returns how many requests with this marker were passed on to a coordinator.
    pub fn forwarded(&self, marker: &str) -> usize {
        self.lock().markers.get(marker).map_or(0, |counts| counts.forwarded)
    }

    /// Removes all exchanges and counts so far.
    pub fn clear(&self) {
        let mut traffic = self.lock();
        *traffic = Traffic { last: traffic.last, ..Traffic::default() };
    }

    /// Returns the latest exchanges that are `wanted`, oldest first.
    pub(super) fn latest(&self, count: usize, wanted: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        let traffic = self.lock();
        let mut latest: Vec<_> =
            traffic.exchanges.iter().rev().filter(|exchange| wanted(exchange)).take(count).cloned().collect();
        latest.reverse();
        latest
    }

    /// Returns how many exchanges each of `count` coordinators has had.
    pub(super) fn per_coordinator(&self, count: usize) -> Vec<usize> {
        let traffic = self.lock();
        (0..count).map(|index| traffic.requests.get(&index).copied().unwrap_or_default()).collect()
    }

    /// Returns the counts of all markers that begin with `prefix`.
    pub(super) fn markers(&self, prefix: &str) -> BTreeMap<String, MarkerCounts> {
        let traffic = self.lock();
        let from = traffic.markers.range(prefix.to_owned()..);
        from.take_while(|(marker, _)| marker.starts_with(prefix))
            .map(|(marker, counts)| (marker.clone(), *counts))
            .collect()
    }

    /// Begins an exchange with a request.
    pub(super) fn begin_request(&self, coordinator: usize, head: &Parts) -> ExchangeRecord {
        let path = without_repeated_slashes(head.uri.path());
        let target = Target::parse(&path);
        let marker = head.headers.get("x-sim-marker").and_then(|marker| marker.to_str().ok());
        self.begin(Exchange {
            method: Some(head.method.clone()),
            path: target.path.to_owned(),
            database: target.database.unwrap_or("_system").to_owned(),
            marker: marker.map(str::to_owned),
            ..Exchange::new(coordinator)
        })
    }

    /// Begins an exchange that is a connection with TLS.
    pub(super) fn begin_connection(&self, coordinator: usize) -> ExchangeRecord {
        self.begin(Exchange::new(coordinator))
    }

    fn begin(&self, mut exchange: Exchange) -> ExchangeRecord {
        let mut traffic = self.lock();
        traffic.last += 1;
        exchange.number = traffic.last;
        *traffic.requests.entry(exchange.coordinator).or_default() += 1;
        if let Some(marker) = &exchange.marker {
            traffic.markers.entry(marker.clone()).or_default().received += 1;
        }
        if traffic.exchanges.len() == MAX_EXCHANGES {
            traffic.exchanges.pop_front();
        }
        let record = ExchangeRecord { journal: self.clone(), number: exchange.number };
        traffic.exchanges.push_back(exchange);
        record
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    fn new(coordinator: usize) -> Self {
        Self {
            number: 0,
            coordinator,
            begin: SystemTime::now(),
            method: None,
            path: String::new(),
            database: String::new(),
            marker: None,
            forwarded: false,
            status: None,
            request_bytes: 0,
            response_bytes: 0,
        }
    }
}

/// An exchange that is in progress. Once it is not in the journal any more, records have no effect.
#[derive(Debug, Clone)]
pub(super) struct ExchangeRecord {
    journal: TrafficJournal,
    number: u64,
}

impl ExchangeRecord {
    /// Records that the request was passed on.
    pub(super) fn forwarded(&self) {
        let mut traffic = self.journal.lock();
        let Some(exchange) = traffic.exchange(self.number) else { return };
        exchange.forwarded = true;
        if let Some(marker) = exchange.marker.clone() {
            traffic.markers.entry(marker).or_default().forwarded += 1;
        }
    }

    pub(super) fn status(&self, status: u16) {
        self.change(|exchange| exchange.status = Some(status));
    }

    /// Adds bytes that the client has sent.
    pub(super) fn request_bytes(&self, length: usize) {
        self.change(|exchange| exchange.request_bytes += length as u64);
    }

    /// Adds bytes that the coordinator has sent.
    pub(super) fn response_bytes(&self, length: usize) {
        self.change(|exchange| exchange.response_bytes += length as u64);
    }

    fn change(&self, change: impl FnOnce(&mut Exchange)) {
        if let Some(exchange) = self.journal.lock().exchange(self.number) {
            change(exchange);
        }
    }
}

impl Traffic {
    fn exchange(&mut self, number: u64) -> Option<&mut Exchange> {
        let first = self.exchanges.front()?.number;
        self.exchanges.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(uri: &str, marker: &str) -> Parts {
        let request =
            Request::post(uri).header("x-sim-marker", marker).header("authorization", "Basic c2VjcmV0");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn neither_queries_nor_credentials_are_kept() {
        let journal = TrafficJournal::default();
        let record = journal.begin_request(1, &head("/_db/shop/_api/cursor?secret=1", "m"));
        record.forwarded();
        record.status(201);

        let kept = format!("{:?}", journal.exchanges());

        assert!(kept.contains("/_api/cursor") && kept.contains("shop") && kept.contains("201"), "{kept}");
        assert!(!kept.contains("secret") && !kept.contains("c2VjcmV0"), "{kept}");
        assert_eq!((journal.received("m"), journal.forwarded("m")), (1, 1));
    }

    #[test]
    fn an_exchange_of_a_cleared_journal_is_not_mistaken_for_a_later_one() {
        let journal = TrafficJournal::default();
        let old = journal.begin_request(0, &head("/old", "m"));
        journal.clear();
        journal.begin_request(0, &head("/new", "m"));
        old.status(200);
        old.forwarded();

        assert_eq!(journal.exchanges()[0].status, None);
        assert_eq!((journal.received("m"), journal.forwarded("m")), (1, 0));
        assert_eq!(journal.per_coordinator(2), [1, 0]);
    }

    #[test]
    fn counts_survive_the_exchanges_they_came_from() {
        let journal = TrafficJournal::default();
        for _ in 0..=MAX_EXCHANGES {
            journal.begin_request(0, &head("/", "m"));
        }

        assert_eq!((journal.exchanges().len(), journal.received("m")), (MAX_EXCHANGES, MAX_EXCHANGES + 1));
        assert_eq!(journal.latest(2, |_| true)[1].number, MAX_EXCHANGES as u64 + 1);
    }
}
