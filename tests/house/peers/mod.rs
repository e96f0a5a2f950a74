//! What other clients of ArangoDB get wrong, as promises of this one.
//!
//! Most of it was seen by running a driver that is in use, the rest by reading its source; beside a test stands which one it
//! was. All is proved as everything here is: through the built client, and by what the cluster has executed.

mod batches;
mod cursors;
mod healing;
mod rotation;
mod strangers;
mod writes;

use arango::protocol::{Operation, RequestClass};
use arango_test_cluster::{Close, Fault, FaultGuard, Match, TestCluster};

use crate::support::insert;
use cursors::query;

const HOW: [Close; 2] = [Close::Fin, Close::Rst];

/// Lets something go wrong at every coordinator, so that wherever a second copy went, it would be executed too.
fn everywhere(cluster: &TestCluster, fault: &Fault, on: &Match) -> Vec<FaultGuard> {
    cluster.coordinators().iter().map(|one| one.inject(fault.clone().on(on.clone()))).collect()
}

fn hits(guards: &[FaultGuard]) -> usize {
    guards.iter().map(FaultGuard::hits).sum()
}

/// The coordinators that have read a copy of what carries `marker`, in order.
fn readers(cluster: &TestCluster, marker: &str) -> Vec<usize> {
    let entries = cluster.journal().entries();
    entries.iter().filter(|one| one.marker.as_deref() == Some(marker)).map(|one| one.coordinator).collect()
}

/// A write that puts one document into `books`, with the marker `m`.
enum Write {
    Document,
    Query,
}

const WRITES: [Write; 2] = [Write::Document, Write::Query];

impl Write {
    /// Executes it; nobody promises anything of it.
    async fn by(&self, client: &arango::Client) -> Result<(), arango::Error> {
        async fn execute<O: Operation>(client: &arango::Client, write: O) -> Result<(), arango::Error> {
            client.db("_system").execute(write).await.map(drop)
        }
        match self {
            Self::Document => execute(client, insert("m", RequestClass::NonIdempotent)).await,
            Self::Query => execute(client, query("INSERT {\"title\": \"m\"} INTO books").marked("m")).await,
        }
    }

    /// The requests that it makes.
    fn requests() -> [Match; 2] {
        [Match::post("/_api/document/*"), Match::post("/_api/cursor")]
    }
}
