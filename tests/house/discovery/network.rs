//! Networks in which addresses mean something else than they say.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::support::Memory;

/// Every name is that of the machine where the cluster is.
#[derive(Clone)]
pub(super) struct Anywhere;

impl Anywhere {
    pub(super) fn of(_: &TestCluster) -> Self {
        Self
    }
}

impl Resolve for Anywhere {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]) })
    }
}

/// One address behind which all coordinators are in turn, those that are up.
#[derive(Clone)]
pub(super) struct OneAddress {
    network: Memory,
    address: SocketAddr,
    behind: Vec<Coordinator>,
    turn: Arc<AtomicUsize>,
}

impl OneAddress {
    pub(super) fn of(cluster: &TestCluster, address: SocketAddr) -> Self {
        let (network, behind) = (Memory::of(cluster), cluster.coordinators().to_vec());
        Self { network, address, behind, turn: Arc::default() }
    }
}

impl Connect for OneAddress {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.address {
            return self.network.connect(address);
        }
        let up: Vec<_> = self.behind.iter().filter(|one| one.is_up()).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.network.connect(up[turn % up.len()].address())
    }
}

/// What somebody does who is none of the cluster.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stranger {
    /// Says that it takes no requests.
    Refuses,
    /// Says what no coordinator says.
    SaysNonsense,
    /// Says nothing.
    IsSilent,
}

/// A network where addresses that are none of the cluster's are those of strangers.
#[derive(Clone)]
pub(super) struct Strangers {
    network: Memory,
    cluster: Vec<SocketAddr>,
    behaviour: Stranger,
    heard: Arc<Mutex<String>>,
}

impl Strangers {
    pub(super) fn beside(cluster: &TestCluster, behaviour: Stranger) -> Self {
        let addresses = cluster.coordinators().iter().map(Coordinator::address).collect();
        Self { network: Memory::of(cluster), cluster: addresses, behaviour, heard: Arc::default() }
    }

    /// All that they were told.
    pub(super) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

impl Connect for Strangers {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.cluster.contains(&address) {
            return self.network.connect(address);
        }
        let (ours, mut theirs) = duplex(64 << 10);
        let (behaviour, heard) = (self.behaviour, Arc::clone(&self.heard));
        tokio::spawn(async move {
            let mut bytes = [0; 16 << 10];
            while let Ok(count @ 1..) = theirs.read(&mut bytes).await {
                write!(heard.lock().unwrap(), "{}", String::from_utf8_lossy(&bytes[..count])).unwrap();
                let answer = match behaviour {
                    Stranger::Refuses => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
                    Stranger::SaysNonsense => "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome",
                    Stranger::IsSilent => continue,
                };
                theirs.write_all(answer.as_bytes()).await.ok();
            }
        });
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Io>) })
    }
}

/// Counts what is said in warning.
#[derive(Clone, Default)]
pub(super) struct Warnings(Arc<AtomicUsize>);

impl Warnings {
    /// Listens on this thread until the guard is dropped.
    pub(super) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let warnings = self.clone();
        let writer = move || warnings.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(writer).finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// How many there were since it was last asked.
    pub(super) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl io::Write for Warnings {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains("none of them can be used") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
