//! Records what is observed on the network: connections, requests and responses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::http_parser::{Head, MessageEvent};
use super::observation::Observation;
use super::trace::Trace;

/// An untrusted host that was contacted.
#[derive(Debug, Clone)]
pub(crate) struct UntrustedContact {
    pub(crate) client: usize,
    pub(crate) host: String,
    pub(crate) at: Duration,
}

/// Everything that was observed. Clones share it.
#[derive(Clone)]
pub(crate) struct NetworkLog {
    trace: Trace,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    requests: Vec<Observation>,
    attempts: Vec<Observation>,
    untrusted_contacts: Vec<UntrustedContact>,
    open_connections: usize,
}

/// An observed connection.
pub(crate) struct ObservedConnection {
    network_log: NetworkLog,
    client: usize,
    coordinator: usize,
    number: u64,
    /// The request that has no complete response yet.
    current: Mutex<Option<usize>>,
}

impl NetworkLog {
    pub(crate) fn new(trace: Trace) -> Self {
        Self { trace, inner: Arc::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Observation> {
        self.lock().requests.clone()
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.trace.now()
    }

    /// Returns the attempts of clients whose [attempts](super::attempt_layer) are observed.
    pub(crate) fn attempts(&self) -> Vec<Observation> {
        self.lock().attempts.clone()
    }

    /// Records an attempt, and returns its number.
    pub(crate) fn record_attempt(&self, observation: Observation) -> usize {
        self.trace_attempt("⇢", &observation);
        let mut inner = self.lock();
        inner.attempts.push(observation);
        inner.attempts.len() - 1
    }

    /// Updates a recorded attempt.
    pub(crate) fn update_attempt(
        &self,
        number: usize,
        symbol: &str,
        change: impl FnOnce(&mut Observation, Duration),
    ) {
        let now = self.trace.now();
        let mut inner = self.lock();
        change(&mut inner.attempts[number], now);
        let observation = inner.attempts[number].clone();
        drop(inner);
        self.trace_attempt(symbol, &observation);
    }

    /// Records the end of an attempt.
    pub(crate) fn end_attempt(&self, number: usize) {
        let now = self.trace.now();
        let observation = &mut self.lock().attempts[number];
        if observation.completed_at.is_none() {
            observation.cut_at = Some(now);
        }
    }

    fn trace_attempt(&self, symbol: &str, observation: &Observation) {
        let (client, address, name) = (observation.client, &observation.address, observation.name());
        let status = observation.response_head.map(|(_, status)| format!(" {status}")).unwrap_or_default();
        self.trace.log(format_args!("c{client} ─ {address} {symbol} {name}{status}"));
    }

    pub(crate) fn untrusted_contacts(&self) -> Vec<UntrustedContact> {
        self.lock().untrusted_contacts.clone()
    }

    /// Number of connections that neither end has closed.
    pub(crate) fn open_connections(&self) -> usize {
        self.lock().open_connections
    }

    /// Records a connection to an unknown address.
    pub(crate) fn record_untrusted_address(&self, client: usize, address: SocketAddr) {
        self.record_untrusted_contact(client, address.to_string());
    }

    /// Records an unknown name that was resolved, or what an untrusted host received.
    pub(crate) fn record_untrusted_contact(&self, client: usize, host: String) {
        self.trace.log(format_args!("c{client} UNTRUSTED {host}"));
        let at = self.trace.now();
        self.lock().untrusted_contacts.push(UntrustedContact { client, host, at });
    }

    /// Begins to observe a connection.
    pub(crate) fn observe_connection(
        &self,
        client: usize,
        coordinator: usize,
        number: u64,
    ) -> ObservedConnection {
        self.trace.log(format_args!("c{client} ─ k{coordinator} #{number} open"));
        self.lock().open_connections += 1;
        ObservedConnection {
            network_log: self.clone(),
            client,
            coordinator,
            number,
            current: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObservedConnection {
    /// Records what the client has written.
    pub(crate) fn record_sent(&self, message: &MessageEvent) {
        let MessageEvent::Head(head) = message else { return };
        let (at, address) = (self.network_log.trace.now(), format!("#{}", self.number));
        let observation = Observation {
            marker: head.header("x-sim-marker").map(str::to_owned),
            has_credentials: head.header("authorization").is_some(),
            ..Observation::new(at, self.client, Some(self.coordinator), address, method_and_path(head))
        };
        self.log(format_args!("→ {}", observation.name()));
        let mut inner = self.network_log.lock();
        inner.requests.push(observation);
        *self.current() = Some(inner.requests.len() - 1);
    }

    /// Records what has reached the client.
    pub(crate) fn record_received(&self, message: &MessageEvent) {
        let Some(current) = *self.current() else { return };
        let at = self.network_log.trace.now();
        let mut inner = self.network_log.lock();
        let request = &mut inner.requests[current];
        match message {
            MessageEvent::Head(head) => {
                let status = head.start_line.split(' ').nth(1).and_then(|status| status.parse().ok());
                request.response_head = status.map(|status| (at, status));
                request.is_foreign = head.header("server") != Some("ArangoDB");
                let name = request.name().to_owned();
                drop(inner);
                self.log(format_args!("← {name} {}", status.unwrap_or_default()));
            }
            MessageEvent::End => {
                request.completed_at = Some(at);
                *self.current() = None;
            }
        }
    }

    /// Records that the client has closed the connection, and receives nothing more for its request.
    pub(crate) fn record_client_close(&self) {
        let at = self.network_log.trace.now();
        if let Some(current) = self.current().take() {
            self.network_log.lock().requests[current].cut_at = Some(at);
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<usize>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, what: std::fmt::Arguments<'_>) {
        let Self { client, coordinator, number, .. } = self;
        self.network_log.trace.log(format_args!("c{client} ─ k{coordinator} #{number} {what}"));
    }
}

impl Drop for ObservedConnection {
    fn drop(&mut self) {
        self.record_client_close();
        self.log(format_args!("closed"));
        self.network_log.lock().open_connections -= 1;
    }
}

/// Returns the method and path of a request, without its query.
fn method_and_path(head: &Head) -> String {
    let mut words = head.start_line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{method} {}", path.split('?').next().unwrap_or_default())
}
