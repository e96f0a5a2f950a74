//! The network between clients and coordinators: in memory, and as unreliable as the schedule wants it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango_test_cluster::{Coordinator, TestCluster};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::carrier::carry;
use super::link::{Link, Opening};
use super::places::{Found, LISTED, Places, name_of};
use super::sightings::Sightings;

/// How many bytes a client writes before it must wait for the network.
const BUFFER: usize = 64 << 10;

/// All links of a world. Clones are the same network.
#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    coordinators: Vec<Coordinator>,
    /// By client, then by coordinator.
    links: Vec<Vec<Link>>,
    places: Places,
    sightings: Sightings,
    connections: AtomicU64,
    /// By client: nobody resolves names for it at the moment.
    mute: Vec<AtomicBool>,
}

impl Network {
    /// A network to the coordinators of `cluster`, with a link for each in each list.
    pub(crate) fn new(cluster: &TestCluster, links: Vec<Vec<Link>>, sightings: Sightings) -> Self {
        let mute = links.iter().map(|_| AtomicBool::new(false)).collect();
        let coordinators = cluster.coordinators().to_vec();
        let places = Places::of(cluster);
        Self(Arc::new(Inner { coordinators, links, places, sightings, connections: AtomicU64::new(0), mute }))
    }

    /// What client `client` connects and resolves with.
    pub(crate) fn road(&self, client: usize) -> Road {
        Road { network: self.clone(), client }
    }

    /// Where the coordinators are.
    pub(crate) fn places(&self) -> &Places {
        &self.0.places
    }

    /// The links to a coordinator: all clients', or one's.
    pub(crate) fn links(&self, client: Option<usize>, coordinator: usize) -> impl Iterator<Item = &Link> {
        let whose = move |index: usize| client.is_none_or(|client| client == index);
        let links = self.0.links.iter().enumerate().filter(move |(index, _)| whose(*index));
        links.map(move |(_, links)| &links[coordinator])
    }

    /// Takes name resolution away from a client, or gives it back.
    pub(crate) fn set_mute(&self, client: usize, mute: bool) {
        self.0.mute[client].store(mute, Ordering::Relaxed);
    }

    /// Makes everything as it usually is.
    pub(crate) fn heal(&self) {
        self.0.links.iter().flatten().for_each(Link::heal);
        self.0.mute.iter().for_each(|mute| mute.store(false, Ordering::Relaxed));
    }
}

/// The network as one client uses it.
#[derive(Clone)]
pub(crate) struct Road {
    network: Network,
    client: usize,
}

/// What a stranger says who takes no requests.
const NO: &str = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

impl Road {
    async fn open(&self, address: SocketAddr) -> io::Result<Box<dyn Io>> {
        let Inner { coordinators, links, places, sightings, connections, .. } = &*self.network.0;
        let index = match places.find(address) {
            Found::Coordinator(index) => index,
            Found::Nobody => return Err(io::ErrorKind::ConnectionRefused.into()),
            Found::Listed => return Ok(Box::new(self.stranger((address == LISTED[1]).then_some(NO)))),
            Found::Stranger => {
                sightings.stranger_dialled(self.client, address);
                return Ok(Box::new(self.stranger(None)));
            }
        };
        let link = links[self.client][index].clone();
        let opening = link.opened().await;
        // There and back again, as a handshake goes.
        tokio::time::sleep(link.weather().latency * 2).await;
        if opening == Opening::Refused {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let server = coordinators[index].dial()?;
        let (client, ours) = tokio::io::duplex(BUFFER);
        let number = connections.fetch_add(1, Ordering::Relaxed);
        let watched = sightings.watch(self.client, index, number);
        tokio::spawn(carry(ours, server, link, watched));
        Ok(Box::new(client))
    }

    /// Somebody who listens to everything, and says always the same, or nothing.
    fn stranger(&self, says: Option<&'static str>) -> tokio::io::DuplexStream {
        let (client, mut ours) = tokio::io::duplex(BUFFER);
        let (sightings, who) = (self.network.0.sightings.clone(), self.client);
        tokio::spawn(async move {
            let mut heard = Vec::new();
            while let Ok(1..) = ours.read_buf(&mut heard).await {
                let text = String::from_utf8_lossy(&heard).to_ascii_lowercase();
                if text.contains("authorization:") || text.contains("/_open/auth") {
                    sightings.stranger(who, "and it was told who asks".to_owned());
                }
                if let Some(says) = says
                    && ours.write_all(says.as_bytes()).await.is_err()
                {
                    return;
                }
            }
        });
        client
    }
}

impl Connect for Road {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(self.open(address))
    }
}

impl Resolve for Road {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let Inner { coordinators, places, sightings, mute, .. } = &*self.network.0;
        let found = (0..coordinators.len()).find(|index| name_of(*index) == name);
        let result = match found {
            None => {
                sightings.stranger(self.client, name.to_owned());
                Err(io::ErrorKind::NotFound.into())
            }
            Some(_) if mute[self.client].load(Ordering::Relaxed) => {
                Err(io::Error::other("the resolver is out of order"))
            }
            Some(index) => Ok(vec![places.newest(index)]),
        };
        Box::pin(async move { result })
    }
}
