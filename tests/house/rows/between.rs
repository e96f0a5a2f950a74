//! Something between a client and the first coordinator that does not hand on what it is given.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::TestCluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, copy_bidirectional, duplex, split};

use crate::support::Memory;

/// How much of a body is let through.
const BEGINNING: usize = 5;

/// What is done to a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    /// The first answer stands still after the first bytes of its body.
    HoldBody,
    /// The first answer is cut off after the first bytes of its body.
    CutBody,
    /// The first request is answered in the coordinator's place when its head has come, and no more is read.
    AnswerEarly(&'static str),
    /// As before, but the rest of the request is read once the answer is on its way.
    AnswerEarlyAndSettle(&'static str),
}

/// Stands before the first coordinator.
pub(super) struct Between {
    network: Memory,
    first: SocketAddr,
    does: Does,
    /// To how many connections; those after them are left alone.
    times: usize,
    opened: Arc<AtomicUsize>,
}

impl Between {
    pub(super) fn first_of(cluster: &TestCluster, does: Does) -> Self {
        let first = cluster.coordinator(0).address();
        Self { network: Memory::of(cluster), first, does, times: usize::MAX, opened: Arc::default() }
    }

    /// Leaves all connections but the first alone.
    pub(super) fn once(mut self) -> Self {
        self.times = 1;
        self
    }

    /// Counts the connections that were opened through it.
    pub(super) fn opened(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.opened)
    }
}

impl Connect for Between {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address != self.first {
            return self.network.connect(address);
        }
        if self.opened.fetch_add(1, Ordering::Relaxed) >= self.times {
            return self.network.connect(address);
        }
        let does = self.does;
        Box::pin(async move {
            let coordinator = self.network.connect(address).await?;
            let (client, own) = duplex(64 << 10);
            tokio::spawn(stand(does, own, coordinator));
            Ok(Box::new(client) as Box<dyn Io>)
        })
    }
}

/// Serves one connection until one of its ends is gone.
async fn stand(does: Does, mut client: DuplexStream, mut coordinator: Box<dyn Io>) -> io::Result<()> {
    match does {
        Does::HoldBody | Does::CutBody => {
            let (mut from_client, mut to_client) = split(client);
            let (mut from_coordinator, mut to_coordinator) = split(coordinator);
            let down = async {
                let head = head(&mut from_coordinator).await?;
                let mut beginning = [0; BEGINNING];
                from_coordinator.read_exact(&mut beginning).await?;
                to_client.write_all(&[&*head, &beginning].concat()).await?;
                match does {
                    Does::CutBody => to_client.shutdown().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                up = copy(&mut from_client, &mut to_coordinator) => up.map(drop),
                down = down => down,
            }
        }
        Does::AnswerEarly(answer) => {
            head(&mut client).await?;
            client.write_all(answer.as_bytes()).await?;
            std::future::pending().await
        }
        Does::AnswerEarlyAndSettle(answer) => {
            let head = String::from_utf8(head(&mut client).await?).unwrap();
            client.write_all(answer.as_bytes()).await?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.unwrap().parse::<usize>().unwrap();
            client.read_exact(&mut vec![0; length]).await?;
            copy_bidirectional(&mut client, &mut coordinator).await.map(drop)
        }
    }
}

/// Reads to the empty line that ends a head.
async fn head(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    Ok(head)
}
