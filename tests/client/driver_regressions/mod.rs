//! Regression tests for defects of other ArangoDB drivers.
//!
//! Most defects were observed by running a released driver, the others by reading its source; the comment of each test
//! names the driver. The tests use the built client and check what the cluster has executed.

mod batches;
mod cursors;
mod recovery;
mod rotation;
mod untrusted_hosts;
mod writes;

use arango::protocol::{Operation, RequestClass};
use arango_test_cluster::{Close, Fault, FaultGuard, Match, TestCluster};

use crate::support::insert;
use cursors::query;

const CLOSE_MODES: [Close; 2] = [Close::Fin, Close::Rst];

/// Injects a fault at every coordinator. A second copy of a request would then be executed at any of them.
fn inject_everywhere(cluster: &TestCluster, fault: &Fault, on: &Match) -> Vec<FaultGuard> {
    cluster.inject(&fault.clone().on(on.clone()))
}

fn hits(guards: &[FaultGuard]) -> usize {
    guards.iter().map(FaultGuard::hits).sum()
}

/// Returns the coordinators that have read a copy of the request with `marker`, in order.
fn readers(cluster: &TestCluster, marker: &str) -> Vec<usize> {
    let entries = cluster.journal().entries();
    entries.iter().filter(|one| one.marker.as_deref() == Some(marker)).map(|one| one.coordinator).collect()
}

/// A write that inserts one document into `books`, with the marker `m`.
enum Write {
    Document,
    Query,
}

const WRITES: [Write; 2] = [Write::Document, Write::Query];

impl Write {
    /// Executes the write as a request that is not idempotent.
    async fn execute_with(&self, client: &arango::Client) -> Result<(), arango::Error> {
        async fn execute<O: Operation>(client: &arango::Client, write: O) -> Result<(), arango::Error> {
            client.db("_system").execute(write).await.map(drop)
        }
        match self {
            Self::Document => execute(client, insert("m", RequestClass::NonIdempotent)).await,
            Self::Query => execute(client, query("INSERT {\"title\": \"m\"} INTO books").marked("m")).await,
        }
    }

    /// Returns matchers for the requests of all writes.
    fn requests() -> [Match; 2] {
        [Match::post("/_api/document/*"), Match::post("/_api/cursor")]
    }
}
