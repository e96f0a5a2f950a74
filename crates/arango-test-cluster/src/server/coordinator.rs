//! One coordinator of the cluster.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};

use crate::config::start_error::StartError;
use crate::config::version::Version;
use crate::faults::active_faults::{ActiveFaults, FaultGuard};
use crate::faults::fault::Fault;
use crate::server::cluster::ClusterInner;
use crate::server::handler::Handler;
use crate::server::listener::Listener;
use crate::server::process_state::{ProcessState, ProcessStateWatch};
use crate::state::State;
use crate::state::diagnostics::LogLevel;
use crate::state::servers::Server;

/// One coordinator of a [`TestCluster`](crate::TestCluster).
///
/// Clones are cheap and refer to the same coordinator. When the cluster is dropped, the coordinator is down and cannot
/// be restarted.
#[derive(Clone)]
pub struct Coordinator {
    pub(crate) inner: Arc<CoordinatorInner>,
}

pub(crate) struct CoordinatorInner {
    pub(crate) index: usize,
    pub(crate) id: String,
    short_name: String,
    address: SocketAddr,
    pub(crate) listener: Listener,
    pub(crate) faults: ActiveFaults,
    pub(crate) process: Arc<ProcessStateWatch>,
    pub(crate) cluster: Arc<ClusterInner>,
}

impl Coordinator {
    pub(crate) fn new(
        index: usize,
        address: SocketAddr,
        listener: Listener,
        cluster: Arc<ClusterInner>,
    ) -> Self {
        let (id, short_name) = {
            let state = cluster.state();
            let server = &state.coordinators[index];
            (server.id.clone(), server.short_name.clone())
        };
        let inner = CoordinatorInner {
            index,
            id,
            short_name,
            address,
            listener,
            faults: ActiveFaults::default(),
            process: Arc::default(),
            cluster,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns its id, `CRDN-…`, which is the same after a restart.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Returns its short name, `Coordinator0001`.
    pub fn short_name(&self) -> &str {
        &self.inner.short_name
    }

    /// Returns its URL: `http://127.0.0.1:8529`, or `https://` with TLS.
    pub fn url(&self) -> String {
        let scheme = if self.inner.cluster.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.inner.address)
    }

    /// Returns its address.
    ///
    /// In an [in-memory](crate::Builder::in_memory) cluster no socket listens there.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Returns whether its process runs. A stopping or paused coordinator still runs.
    pub fn is_up(&self) -> bool {
        !matches!(
            self.inner.server(&self.inner.cluster.state()).run_state,
            crate::state::servers::RunState::Down { .. }
        )
    }

    /// Kills the process.
    ///
    /// When this returns, the listener is closed, all connections are dropped, and requests that were not applied yet
    /// never will be. The port stays reserved, so that connecting is refused until [`restart`](Self::restart). The
    /// other coordinators report it as `BAD` after 5 seconds and as `FAILED` after 10.
    pub fn kill(&self) {
        self.inner.kill();
    }

    /// Starts the process again, on the same port and with the same id.
    ///
    /// Its reboot id is one higher, as it is after the process was reported as `FAILED`. A running coordinator is
    /// killed first. What the process held in memory is lost: background jobs, cursors and transactions.
    ///
    /// # Errors
    /// If the port cannot be opened.
    #[expect(clippy::unused_async, reason = "starting a process is asynchronous; a later version may await")]
    pub async fn restart(&self) -> io::Result<()> {
        self.start_process(None)
    }

    /// Restarts the process in another version.
    ///
    /// From then on it responds as that version does. The rest of the cluster keeps its version.
    ///
    /// # Errors
    /// If the version cannot be simulated; the process then keeps running unchanged. If the port cannot be opened.
    #[expect(clippy::unused_async, reason = "starting a process is asynchronous; a later version may await")]
    pub async fn restart_as(&self, version: &str) -> Result<(), StartError> {
        let version = Version::read(version)?;
        let address = self.inner.address;
        self.start_process(Some(version)).map_err(|source| StartError::Listen { address, source })
    }

    fn start_process(&self, version: Option<Version>) -> io::Result<()> {
        self.inner.kill();
        let generation = {
            let mut state = self.inner.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            let server = &mut state.coordinators[self.inner.index];
            server.start(now);
            server.version_override = version.or_else(|| server.version_override.take());
            state.advance(now);
            state.coordinators[self.inner.index].generation
        };
        self.inner.process.modify(|state| *state = ProcessState { generation, paused: false });
        self.inner.listener.open(&self.handler())
    }

    /// Removes it from the list of coordinators, as on scaling down.
    ///
    /// It keeps running and responding until it is [killed](Self::kill). [`restart`](Self::restart) lists it again, as
    /// when a cluster is scaled up.
    pub fn deregister(&self) {
        self.inner.cluster.state().coordinators[self.inner.index].registered = false;
    }

    /// Sets the address that the list of coordinators reports for it.
    ///
    /// It has the effect of `--cluster.my-advertised-endpoint`, for example `tcp://10.0.0.1:8529`. The address need not
    /// be reachable. With `None` the list reports its real address.
    pub fn advertise(&self, endpoint: Option<&str>) {
        self.inner.cluster.state().coordinators[self.inner.index].advertised = endpoint.map(str::to_owned);
    }

    /// Pauses the process.
    ///
    /// Connections are still accepted, as by a kernel, but nothing is read, executed or sent.
    pub fn pause(&self) {
        self.inner.process.modify(|state| state.paused = true);
    }

    /// Resumes a paused process.
    ///
    /// Requests sent in the meantime are executed, even if their clients have disconnected.
    pub fn resume(&self) {
        self.inner.process.modify(|state| state.paused = false);
    }

    /// Closes the listener until the guard is dropped. Established connections stay open.
    pub fn refuse(&self) -> RefuseGuard {
        self.inner.listener.refuse();
        RefuseGuard { coordinator: self.clone() }
    }

    /// Injects a fault until the guard is dropped.
    pub fn inject(&self, fault: Fault) -> FaultGuard {
        self.inner.faults.inject(fault)
    }

    /// Writes a line into the process's log, as returned by `/_admin/log`.
    ///
    /// The line is lost when the process ends.
    pub fn log(&self, level: LogLevel, topic: &str, text: &str) {
        let mut state = self.inner.cluster.state();
        let now = state.clock.now();
        state.coordinators[self.inner.index].diagnostics.log(topic, level, text, now);
    }

    /// Adds a crash report to its disk, as returned by `/_admin/crashes` since 3.12.8.
    ///
    /// `files` holds pairs of file name and contents. The report survives restarts until it is deleted.
    pub fn add_crash(&self, id: &str, files: &[(&str, &str)]) {
        self.inner.cluster.state().coordinators[self.inner.index].crashes.add(id, files);
    }

    /// Serves a connection over any stream, in a separate task.
    ///
    /// A coordinator that is down drops the stream.
    pub fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.inner.listener.serve(stream, &self.handler());
    }

    /// Opens an in-memory connection, which works in any cluster.
    ///
    /// # Errors
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) while the coordinator is killed or refuses connections.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        self.inner.listener.connect(&self.handler())
    }

    /// Returns the number of open connections.
    pub fn open_connections(&self) -> usize {
        self.inner.listener.open_connections()
    }

    /// Returns the number of connections accepted so far, over all restarts.
    pub fn connections_accepted(&self) -> usize {
        self.inner.listener.connections_accepted()
    }

    pub(crate) fn open(&self) -> io::Result<()> {
        self.inner.listener.open(&self.handler())
    }

    fn handler(&self) -> Handler {
        Handler::new(Arc::clone(&self.inner))
    }
}

impl CoordinatorInner {
    /// Kills the process. The state changes first, so that no request is applied after the listener is closed.
    pub(crate) fn kill(&self) {
        let generation = {
            let mut state = self.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            state.async_jobs.remove_of_coordinator(self.index);
            state.cursors.remove_of_coordinator(self.index);
            state.queries.remove_of_coordinator(self.index);
            state.transactions.remove_of_coordinator(self.index);
            state.index_builds.remove_of_coordinator(self.index);
            let server = &mut state.coordinators[self.index];
            server.stop(now);
            server.generation
        };
        self.listener.close_all();
        self.process.modify(|state| *state = ProcessState { generation, paused: false });
    }

    /// Waits while the process is paused.
    pub(crate) async fn until_resumed(&self) {
        self.process.until_resumed().await;
    }

    fn server<'a>(&self, state: &'a MutexGuard<'_, State>) -> &'a Server {
        &state.coordinators[self.index]
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator")
            .field("id", &self.inner.id)
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

/// Makes a coordinator accept connections again when dropped, unless it is down then.
#[derive(Debug)]
#[must_use = "the coordinator accepts connections again when the guard is dropped"]
pub struct RefuseGuard {
    coordinator: Coordinator,
}

impl Drop for RefuseGuard {
    fn drop(&mut self) {
        if !self.coordinator.is_up() {
            return;
        }
        if let Err(error) = self.coordinator.open() {
            tracing::warn!(%error, coordinator = self.coordinator.id(), "cannot reopen the port");
        }
    }
}

impl ClusterInner {
    /// Locks the state. A poisoned lock is accepted, so that a failed test does not make others hang.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
