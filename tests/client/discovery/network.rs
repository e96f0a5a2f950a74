//! Test networks with shared, loopback and untrusted addresses.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::support::InMemoryConnector;

/// Resolves every name to the loopback address.
#[derive(Clone)]
pub(super) struct LoopbackResolver;

impl LoopbackResolver {
    pub(super) fn new(_: &TestCluster) -> Self {
        Self
    }
}

impl Resolve for LoopbackResolver {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]) })
    }
}

/// Connects one address to the running coordinators in turn.
#[derive(Clone)]
pub(super) struct SharedAddressConnector {
    network: InMemoryConnector,
    address: SocketAddr,
    coordinators: Vec<Coordinator>,
    turn: Arc<AtomicUsize>,
}

impl SharedAddressConnector {
    pub(super) fn new(cluster: &TestCluster, address: SocketAddr) -> Self {
        let (network, coordinators) = (InMemoryConnector::new(cluster), cluster.coordinators().to_vec());
        Self { network, address, coordinators, turn: Arc::default() }
    }
}

impl Connect for SharedAddressConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.address {
            return self.network.connect(address);
        }
        let up: Vec<_> = self.coordinators.iter().filter(|one| one.is_up()).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.network.connect(up[turn % up.len()].address())
    }
}

/// Behaviour of a host that does not belong to the cluster.
#[derive(Debug, Clone, Copy)]
pub(super) enum UntrustedHost {
    /// Responds with 503 and a reason.
    Refuses,
    /// Responds with a body that no coordinator returns.
    RespondsGarbage,
    /// Never responds.
    NeverResponds,
}

/// A network in which every address outside the cluster belongs to an untrusted host.
#[derive(Clone)]
pub(super) struct UntrustedNetwork {
    network: InMemoryConnector,
    cluster: Vec<SocketAddr>,
    behaviour: UntrustedHost,
    received: Arc<Mutex<String>>,
}

impl UntrustedNetwork {
    pub(super) fn new(cluster: &TestCluster, behaviour: UntrustedHost) -> Self {
        let addresses = cluster.coordinators().iter().map(Coordinator::address).collect();
        Self {
            network: InMemoryConnector::new(cluster),
            cluster: addresses,
            behaviour,
            received: Arc::default(),
        }
    }

    /// Returns everything that the untrusted hosts received.
    pub(super) fn received(&self) -> String {
        self.received.lock().unwrap().clone()
    }
}

impl Connect for UntrustedNetwork {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.cluster.contains(&address) {
            return self.network.connect(address);
        }
        let (client_end, mut host_end) = duplex(64 << 10);
        let (behaviour, received) = (self.behaviour, Arc::clone(&self.received));
        tokio::spawn(async move {
            let mut bytes = [0; 16 << 10];
            while let Ok(count @ 1..) = host_end.read(&mut bytes).await {
                write!(received.lock().unwrap(), "{}", String::from_utf8_lossy(&bytes[..count])).unwrap();
                let response = match behaviour {
                    UntrustedHost::Refuses => "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
                    UntrustedHost::RespondsGarbage => "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome",
                    UntrustedHost::NeverResponds => continue,
                };
                host_end.write_all(response.as_bytes()).await.ok();
            }
        });
        Box::pin(async move { Ok(Box::new(client_end) as Box<dyn Io>) })
    }
}

/// Counts warnings.
#[derive(Clone, Default)]
pub(super) struct Warnings(Arc<AtomicUsize>);

impl Warnings {
    /// Subscribes on this thread until the guard is dropped.
    pub(super) fn subscribe(&self) -> tracing::subscriber::DefaultGuard {
        let warnings = self.clone();
        let writer = move || warnings.clone();
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(writer).finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// Returns the number of warnings since the last call.
    pub(super) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl io::Write for Warnings {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Each is written at once.
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
