//! A connector that records the URLs it connects to.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arango::transport::{BoxFuture, Connect, Io};
use arango_test_cluster::TestCluster;

use crate::support::InMemoryConnector;

/// Connects to a cluster and records each URL. Clones share the record.
#[derive(Clone)]
pub(super) struct RecordingConnector {
    network: InMemoryConnector,
    connected_urls: Arc<Mutex<Vec<String>>>,
}

impl RecordingConnector {
    pub(super) fn new(cluster: &TestCluster) -> Self {
        Self { network: InMemoryConnector::new(cluster), connected_urls: Arc::default() }
    }

    /// Returns the recorded URLs, in order.
    pub(super) fn connected_urls(&self) -> Vec<String> {
        self.connected_urls.lock().unwrap().clone()
    }
}

impl Connect for RecordingConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        self.connected_urls.lock().unwrap().push(format!("http://{address}"));
        self.network.connect(address)
    }
}
