//! An intermediary between a client and the first coordinator that disturbs the connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::TestCluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, copy_bidirectional, duplex, split};

use crate::support::InMemoryConnector;

/// Number of body bytes that are forwarded.
const PREFIX_LEN: usize = 5;

/// Interference with a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Interference {
    /// Stalls the first response after the first bytes of its body.
    StallBody,
    /// Truncates the first response after the first bytes of its body.
    CutBody,
    /// Responds in place of the coordinator. It does so after the head of the first request, and reads no more.
    RespondEarly(&'static str),
    /// Like `RespondEarly`, but reads the rest of the request after the response.
    RespondEarlyThenDrain(&'static str),
}

/// Connects to a cluster with an intermediary before the first coordinator.
pub(super) struct Intermediary {
    network: InMemoryConnector,
    first: SocketAddr,
    interference: Interference,
    /// Number of connections with interference; later ones are forwarded unchanged.
    max_connections: usize,
    opened: Arc<AtomicUsize>,
}

impl Intermediary {
    pub(super) fn in_front_of_first(cluster: &TestCluster, interference: Interference) -> Self {
        let first = cluster.coordinator(0).address();
        Self {
            network: InMemoryConnector::new(cluster),
            first,
            interference,
            max_connections: usize::MAX,
            opened: Arc::default(),
        }
    }

    /// Limits the interference to the first connection.
    pub(super) fn once(mut self) -> Self {
        self.max_connections = 1;
        self
    }

    /// Returns the counter of connections opened through it.
    pub(super) fn opened(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.opened)
    }
}

impl Connect for Intermediary {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.first {
            return self.network.connect(address);
        }
        if self.opened.fetch_add(1, Ordering::Relaxed) >= self.max_connections {
            return self.network.connect(address);
        }
        let interference = self.interference;
        Box::pin(async move {
            let coordinator = self.network.connect(address).await?;
            let (client, intermediary_end) = duplex(64 << 10);
            tokio::spawn(run_intermediary(interference, intermediary_end, coordinator));
            Ok(Box::new(client) as Box<dyn Io>)
        })
    }
}

/// Serves one connection until one of its ends is closed.
async fn run_intermediary(
    interference: Interference,
    mut client: DuplexStream,
    mut coordinator: Box<dyn Io>,
) -> io::Result<()> {
    match interference {
        Interference::StallBody | Interference::CutBody => {
            let (mut from_client, mut to_client) = split(client);
            let (mut from_coordinator, mut to_coordinator) = split(coordinator);
            let down = async {
                let head = read_head(&mut from_coordinator).await?;
                let mut prefix = [0; PREFIX_LEN];
                from_coordinator.read_exact(&mut prefix).await?;
                to_client.write_all(&[&*head, &prefix].concat()).await?;
                match interference {
                    Interference::CutBody => to_client.shutdown().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                up = copy(&mut from_client, &mut to_coordinator) => up.map(drop),
                down = down => down,
            }
        }
        Interference::RespondEarly(response) => {
            read_head(&mut client).await?;
            client.write_all(response.as_bytes()).await?;
            std::future::pending().await
        }
        Interference::RespondEarlyThenDrain(response) => {
            let head = String::from_utf8(read_head(&mut client).await?).unwrap();
            client.write_all(response.as_bytes()).await?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.unwrap().parse::<usize>().unwrap();
            client.read_exact(&mut vec![0; length]).await?;
            copy_bidirectional(&mut client, &mut coordinator).await.map(drop)
        }
    }
}

/// Reads a head up to the empty line at its end.
async fn read_head(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    Ok(head)
}
