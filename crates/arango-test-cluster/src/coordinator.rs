//! One coordinator of the cluster, to be asked, stopped, and made to err.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};

use crate::builder::StartError;
use crate::cluster::Shared;
use crate::door::Door;
use crate::fault::Fault;
use crate::faults_in_force::{FaultGuard, Faults};
use crate::handler::Handler;
use crate::pulse::{Heart, Pulse};
use crate::state::State;
use crate::state::records::LogLevel;
use crate::state::servers::Server;
use crate::version::Version;

/// One coordinator.
///
/// Clones are cheap and mean the same coordinator. It lives as long as its [`TestCluster`](crate::TestCluster); after that
/// it is down for good.
#[derive(Clone)]
pub struct Coordinator {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) index: usize,
    pub(crate) id: String,
    short_name: String,
    address: SocketAddr,
    pub(crate) door: Door,
    pub(crate) faults: Faults,
    pub(crate) heart: Heart,
    pub(crate) cluster: Arc<Shared>,
}

impl Coordinator {
    pub(crate) fn new(index: usize, address: SocketAddr, door: Door, cluster: Arc<Shared>) -> Self {
        let (id, short_name) = {
            let state = cluster.state();
            let server = &state.coordinators[index];
            (server.id.clone(), server.short_name.clone())
        };
        let inner = Inner {
            index,
            id,
            short_name,
            address,
            door,
            faults: Faults::default(),
            heart: Heart::default(),
            cluster,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Its id, `CRDN-…`; it survives restarts.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Its short name, `Coordinator0001`.
    pub fn short_name(&self) -> &str {
        &self.inner.short_name
    }

    /// Where it listens, as clients write it: `http://127.0.0.1:8529`, or `https://` with TLS.
    pub fn url(&self) -> String {
        let scheme = if self.inner.cluster.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.inner.address)
    }

    /// Where it listens. In an [in-memory](crate::Builder::in_memory) cluster nobody does.
    pub fn address(&self) -> SocketAddr {
        self.inner.address
    }

    /// Whether its process runs; a coordinator that is about to stop, or paused, still runs.
    pub fn is_up(&self) -> bool {
        !matches!(
            self.inner.server(&self.inner.cluster.state()).life,
            crate::state::servers::Life::Down { .. }
        )
    }

    /// Kills the process: when this returns the listener is closed, all connections are dropped, and whatever was not applied
    /// yet never will be.
    ///
    /// The port stays reserved, so that connecting is refused until [`restart`](Self::restart). The other coordinators
    /// report it as `BAD` after 5 seconds and as `FAILED` after 10.
    pub fn kill(&self) {
        self.inner.kill();
    }

    /// Starts the process again, on the same port and with the same id; its reboot id is one higher, as it is
    /// after the process was reported as `FAILED`.
    ///
    /// A coordinator that is up is killed first. Whatever lived in its memory, such as background jobs and cursors, is
    /// gone.
    ///
    /// # Errors
    /// If the port cannot be listened on.
    #[expect(clippy::unused_async, reason = "starting a process is something to wait for; a later one may")]
    pub async fn restart(&self) -> io::Result<()> {
        self.begin_life(None)
    }

    /// Starts the process again, in another version: from now on it answers as that one does, and the rest of the cluster
    /// stays what it is.
    ///
    /// # Errors
    /// If the version is not one that can be simulated, and then the process goes on as it is; or if the port cannot be
    /// listened on.
    #[expect(clippy::unused_async, reason = "starting a process is something to wait for; a later one may")]
    pub async fn restart_as(&self, version: &str) -> Result<(), StartError> {
        let version = Version::read(version)?;
        let address = self.inner.address;
        self.begin_life(Some(version)).map_err(|source| StartError::Listen { address, source })
    }

    fn begin_life(&self, version: Option<Version>) -> io::Result<()> {
        self.inner.kill();
        let generation = {
            let mut state = self.inner.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            let server = &mut state.coordinators[self.inner.index];
            server.start(now);
            server.upgraded = version.or_else(|| server.upgraded.take());
            state.advance(now);
            state.coordinators[self.inner.index].generation
        };
        self.inner.heart.change(|pulse| *pulse = Pulse { generation, paused: false });
        self.inner.door.open(&self.handler())
    }

    /// Takes it out of the list of coordinators, as when a cluster gets smaller. It runs on, and answers whoever still asks
    /// it, until it is [killed](Self::kill); [`restart`](Self::restart) lists it again, as when a cluster gets larger.
    pub fn deregister(&self) {
        self.inner.cluster.state().coordinators[self.inner.index].registered = false;
    }

    /// Has the list of coordinators say that it is here, as `--cluster.my-advertised-endpoint` does, whatever is here: such as
    /// `tcp://10.0.0.1:8529`. With `None` it is where it listens.
    pub fn advertise(&self, endpoint: Option<&str>) {
        self.inner.cluster.state().coordinators[self.inner.index].advertised = endpoint.map(str::to_owned);
    }

    /// Freezes the process: connections are still accepted, as by a kernel, but nothing is read, executed or answered.
    pub fn pause(&self) {
        self.inner.heart.change(|pulse| pulse.paused = true);
    }

    /// Lets a paused process go on; what was sent to it meanwhile is executed, even if nobody waits for it any more.
    pub fn resume(&self) {
        self.inner.heart.change(|pulse| pulse.paused = false);
    }

    /// Closes the listener and leaves established connections alone, until the guard is dropped.
    pub fn refuse(&self) -> RefuseGuard {
        self.inner.door.refuse();
        RefuseGuard { coordinator: self.clone() }
    }

    /// Lets something go wrong, until the guard is dropped.
    pub fn inject(&self, fault: Fault) -> FaultGuard {
        self.inner.faults.inject(fault)
    }

    /// Writes a line into the log of the process, which `/_admin/log` tells. It is lost with this life of it.
    pub fn log(&self, level: LogLevel, topic: &str, text: &str) {
        let mut state = self.inner.cluster.state();
        let now = state.clock.now();
        state.coordinators[self.inner.index].records.log(topic, level, text, now);
    }

    /// Leaves on its disk what a crash leaves, which `/_admin/crashes` tells since 3.12.8: files with their contents, by their
    /// names. It is there in all lives of the process, until somebody deletes it.
    pub fn leave_crash(&self, id: &str, files: &[(&str, &str)]) {
        self.inner.cluster.state().coordinators[self.inner.index].crashes.leave(id, files);
    }

    /// Serves a connection over any stream, in a task of its own. A coordinator that is down drops the stream.
    pub fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.inner.door.serve(stream, &self.handler());
    }

    /// Opens a connection through memory, which works in any cluster.
    ///
    /// # Errors
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) while the coordinator is killed or refuses.
    pub fn dial(&self) -> io::Result<DuplexStream> {
        self.inner.door.dial(&self.handler())
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.inner.door.open_connections()
    }

    /// How many connections were accepted so far, in all lives of the process.
    pub fn connections_accepted(&self) -> usize {
        self.inner.door.connections_accepted()
    }

    pub(crate) fn open(&self) -> io::Result<()> {
        self.inner.door.open(&self.handler())
    }

    fn handler(&self) -> Handler {
        Handler::new(Arc::clone(&self.inner))
    }
}

impl Inner {
    /// Kills the process. The state goes first, so that no request can be applied after the door is shut.
    pub(crate) fn kill(&self) {
        let generation = {
            let mut state = self.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            state.async_jobs.forget_of(self.index);
            state.cursors.forget_of(self.index);
            let server = &mut state.coordinators[self.index];
            server.stop(now);
            server.generation
        };
        self.door.slam();
        self.heart.change(|pulse| *pulse = Pulse { generation, paused: false });
    }

    /// Waits while the process is paused.
    pub(crate) async fn awake(&self) {
        self.heart.until(|pulse| !pulse.paused).await;
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

/// Lets a coordinator accept connections again when it is dropped, unless it is down then.
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
            tracing::warn!(%error, coordinator = self.coordinator.id(), "the port could not be opened again");
        }
    }
}

impl Shared {
    /// Enters the state, also after a panic elsewhere: a test that failed must not make others hang.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
