//! Who is connected to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::TestCluster;

use crate::support::Memory;

/// Remembers whom it was asked to connect to. Clones remember the same.
#[derive(Clone)]
pub(super) struct Watched {
    network: Memory,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Watched {
    pub(super) fn of(cluster: &TestCluster) -> Self {
        Self { network: Memory::of(cluster), asked: Arc::default() }
    }

    /// The URLs of those it was asked for, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Connect for Watched {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        self.asked.lock().unwrap().push(format!("http://{address}"));
        self.network.connect(address)
    }
}
