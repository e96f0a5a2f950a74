//! Connects the clients to the coordinators of a cluster, without sockets.

use std::io;
use std::net::SocketAddr;

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::Coordinator;

/// Connections to the coordinators of one cluster.
#[derive(Clone)]
pub(super) struct Network(pub(super) Vec<Coordinator>);

impl Connect for Network {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let coordinator = self.0.iter().find(|coordinator| coordinator.address() == address);
        let stream = coordinator.ok_or_else(|| io::ErrorKind::ConnectionRefused.into());
        let stream = stream.and_then(Coordinator::connect);
        Box::pin(async move { Ok(Box::new(stream?) as Box<dyn Io>) })
    }
}
