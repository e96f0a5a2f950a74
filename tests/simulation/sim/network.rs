//! The network between clients and coordinators, in memory, with the faults of the schedule.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::address_book::{AddressBook, AddressOwner, LISTED_UNTRUSTED_HOSTS, host_name};
use super::io::forward_connection;
use super::link::{ConnectBehavior, Link};
use super::network_log::NetworkLog;

/// Bytes that a client can write before it has to wait for the network.
const BUFFER: usize = 64 << 10;

/// All links of a run. Clones are the same network.
#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    coordinators: Vec<Coordinator>,
    /// By client, then by coordinator.
    links: Vec<Vec<Link>>,
    addresses: AddressBook,
    network_log: NetworkLog,
    connections: AtomicU64,
    /// Whether name resolution fails, by client.
    dns_down: Vec<AtomicBool>,
}

impl Network {
    /// Creates a network to the coordinators of `cluster`. `links` has a list per client, with a link per coordinator.
    pub(crate) fn new(cluster: &TestCluster, links: Vec<Vec<Link>>, network_log: NetworkLog) -> Self {
        let dns_down = links.iter().map(|_| AtomicBool::new(false)).collect();
        let coordinators = cluster.coordinators().to_vec();
        let addresses = AddressBook::from_cluster(cluster);
        Self(Arc::new(Inner {
            coordinators,
            links,
            addresses,
            network_log,
            connections: AtomicU64::new(0),
            dns_down,
        }))
    }

    /// Returns what client `client` connects and resolves with.
    pub(crate) fn for_client(&self, client: usize) -> ClientNetwork {
        ClientNetwork { network: self.clone(), client }
    }

    /// Returns the addresses of the coordinators.
    pub(crate) fn addresses(&self) -> &AddressBook {
        &self.0.addresses
    }

    /// Returns the links of one client, or of all clients, to a coordinator.
    pub(crate) fn links(&self, client: Option<usize>, coordinator: usize) -> impl Iterator<Item = &Link> {
        let is_selected = move |index: usize| client.is_none_or(|client| client == index);
        let links = self.0.links.iter().enumerate().filter(move |(index, _)| is_selected(*index));
        links.map(move |(_, links)| &links[coordinator])
    }

    /// Makes name resolution fail or work for a client.
    pub(crate) fn set_dns_down(&self, client: usize, dns_down: bool) {
        self.0.dns_down[client].store(dns_down, Ordering::Relaxed);
    }

    /// Removes all faults.
    pub(crate) fn heal(&self) {
        self.0.links.iter().flatten().for_each(Link::heal);
        self.0.dns_down.iter().for_each(|dns_down| dns_down.store(false, Ordering::Relaxed));
    }
}

/// The network as one client sees it.
#[derive(Clone)]
pub(crate) struct ClientNetwork {
    network: Network,
    client: usize,
}

/// Response of a listed untrusted host that reports itself unavailable.
const UNAVAILABLE_RESPONSE: &str = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

impl ClientNetwork {
    async fn open(&self, address: SocketAddr) -> io::Result<Box<dyn Io>> {
        let Inner { coordinators, links, addresses, network_log, connections, .. } = &*self.network.0;
        let index = match addresses.owner(address) {
            AddressOwner::Coordinator(index) => index,
            AddressOwner::Closed => return Err(io::ErrorKind::ConnectionRefused.into()),
            AddressOwner::Listed => {
                return Ok(Box::new(self.serve_untrusted_host(
                    (address == LISTED_UNTRUSTED_HOSTS[1]).then_some(UNAVAILABLE_RESPONSE),
                )));
            }
            AddressOwner::Untrusted => {
                network_log.record_untrusted_address(self.client, address);
                return Ok(Box::new(self.serve_untrusted_host(None)));
            }
        };
        let link = links[self.client][index].clone();
        let behavior = link.wait_until_connectable().await;
        // A round trip, as for a TCP handshake.
        tokio::time::sleep(link.conditions().latency * 2).await;
        if behavior == ConnectBehavior::Refused {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let server = coordinators[index].connect()?;
        let (client, server_end) = tokio::io::duplex(BUFFER);
        let number = connections.fetch_add(1, Ordering::Relaxed);
        let connection = network_log.observe_connection(self.client, index, number);
        tokio::spawn(forward_connection(server_end, server, link, connection));
        Ok(Box::new(client))
    }

    /// Serves a host that accepts every connection, and gives the same response to everything, or none.
    fn serve_untrusted_host(&self, response: Option<&'static str>) -> tokio::io::DuplexStream {
        let (client, mut server_end) = tokio::io::duplex(BUFFER);
        let (network_log, client_index) = (self.network.0.network_log.clone(), self.client);
        tokio::spawn(async move {
            let mut received = Vec::new();
            while let Ok(1..) = server_end.read_buf(&mut received).await {
                let text = String::from_utf8_lossy(&received).to_ascii_lowercase();
                if text.contains("authorization:") || text.contains("/_open/auth") {
                    network_log
                        .record_untrusted_contact(client_index, "and it received credentials".to_owned());
                }
                if let Some(response) = response
                    && server_end.write_all(response.as_bytes()).await.is_err()
                {
                    return;
                }
            }
        });
        client
    }
}

impl Connect for ClientNetwork {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(self.open(address))
    }
}

impl Resolve for ClientNetwork {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let Inner { coordinators, addresses, network_log, dns_down, .. } = &*self.network.0;
        let index = (0..coordinators.len()).find(|index| host_name(*index) == name);
        let result = match index {
            None => {
                network_log.record_untrusted_contact(self.client, name.to_owned());
                Err(io::ErrorKind::NotFound.into())
            }
            Some(_) if dns_down[self.client].load(Ordering::Relaxed) => {
                Err(io::Error::other("the resolver is down"))
            }
            Some(index) => Ok(vec![addresses.current(index)]),
        };
        Box::pin(async move { result })
    }
}
