//! The proxies of a cluster.

use std::io;

use tokio::runtime::Handle;

use super::control;
use super::coordinator_proxy::CoordinatorProxy;
use super::error::ProxyError;
use super::traffic::TrafficJournal;
use crate::server::control::Control;

/// One proxy in front of each coordinator of a cluster that runs elsewhere, with faults and a journal.
///
/// ```no_run
/// use arango_test_cluster::{ClusterProxy, Fault, Match, Phase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let proxy = ClusterProxy::start(["http://127.0.0.1:8529", "http://127.0.0.1:8539"])?;
/// // … let a client use `proxy.urls()`, without discovery: the cluster lists the addresses behind the proxies …
/// let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*")).times(1);
/// let lost = proxy.coordinator(0).inject(lost)?;
/// // … the response to an insert is lost …
/// assert_eq!(lost.hits(), 1);
/// # Ok(())
/// # }
/// ```
///
/// A coordinator that advertises the address of its proxy can be discovered, too. When this is dropped, the proxies
/// end, with all connections.
#[derive(Debug)]
pub struct ClusterProxy {
    proxies: Vec<CoordinatorProxy>,
    journal: TrafficJournal,
}

impl ClusterProxy {
    /// Starts a proxy for each URL of a coordinator, on free ports on loopback.
    ///
    /// # Errors
    /// If a URL is invalid, no port is free, or there is no tokio runtime.
    pub fn start(coordinators: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, ProxyError> {
        Self::start_on(coordinators, &[])
    }

    /// Starts a proxy for each URL of a coordinator, on these ports in the same order.
    ///
    /// A port that is 0 or missing stands for a free one.
    ///
    /// # Errors
    /// As [`start`](Self::start), and if a port is in use.
    pub fn start_on(
        coordinators: impl IntoIterator<Item: AsRef<str>>,
        ports: &[u16],
    ) -> Result<Self, ProxyError> {
        let runtime = Handle::try_current().map_err(|_| ProxyError::NoRuntime)?;
        let journal = TrafficJournal::default();
        let ports = ports.iter().copied().chain(std::iter::repeat(0));
        let proxies = coordinators.into_iter().zip(ports).enumerate().map(|(index, (url, port))| {
            CoordinatorProxy::start(index, url.as_ref(), port, journal.clone(), &runtime)
        });
        Ok(Self { proxies: proxies.collect::<Result<_, _>>()?, journal })
    }

    /// Returns the URLs of the proxies, in the order of the coordinators.
    pub fn urls(&self) -> Vec<String> {
        self.proxies.iter().map(CoordinatorProxy::url).collect()
    }

    /// Returns the proxy of a coordinator.
    ///
    /// # Panics
    /// If there is no coordinator with this index.
    pub fn coordinator(&self, index: usize) -> &CoordinatorProxy {
        &self.proxies[index]
    }

    /// Returns all proxies, in the order of the coordinators.
    pub fn coordinators(&self) -> &[CoordinatorProxy] {
        &self.proxies
    }

    /// Returns the journal of what has passed all proxies.
    pub fn journal(&self) -> TrafficJournal {
        self.journal.clone()
    }

    /// Opens a control address for other processes: a part of that of the embedded cluster.
    ///
    /// | request below its URL | effect |
    /// |---|---|
    /// | `GET /cluster` | lists the proxies |
    /// | `POST /coordinators/{i}/kill`, `restart`, `pause`, `resume` | as the methods of [`CoordinatorProxy`]; `i` from 0 |
    /// | `POST /coordinators/{i}/faults` | injects a fault; returns its id |
    /// | `GET /faults` | lists the faults of this address, and how many requests each has affected |
    /// | `DELETE /faults/{id}`, `DELETE /faults` | ends one fault, or all faults of this address |
    /// | `GET /journal/markers?prefix=p` | returns `received` and `forwarded` by marker |
    /// | `GET /journal/entries?last=n&failed=true&after=number` | returns the latest exchanges, at most 50 by default |
    /// | `GET /journal/summary` | returns exchanges by coordinator |
    /// | `POST /journal/clear` | clears the journal |
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn control(&self) -> io::Result<Control> {
        control::open(self.proxies.clone(), self.journal.clone()).await
    }
}

impl Drop for ClusterProxy {
    fn drop(&mut self) {
        self.proxies.iter().for_each(CoordinatorProxy::kill);
    }
}
