//! A client and a cluster in one process, without sockets.

#[path = "../books.rs"]
mod books;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango::balance::RoundRobin;
use arango::protocol::{
    ApiResponse, BuildError, CreatedResource, DatabaseName, DecodeError, Metadata, Operation, RequestBuilder,
    RequestClass,
};
use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, ClientBuilder};
use arango_test_cluster::{Coordinator, FaultGuard, TestCluster, Tls};
use bytes::Bytes;
use http::Request;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) use books::{CreateCollection, Insert};

/// Connects to the coordinators of a cluster through its in-memory door.
#[derive(Clone)]
pub(crate) struct Memory(Vec<Coordinator>);

impl Memory {
    pub(crate) fn of(cluster: &TestCluster) -> Self {
        Self(cluster.coordinators().to_vec())
    }
}

impl Connect for Memory {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let coordinator = self.0.iter().find(|coordinator| coordinator.address() == address);
        let stream = coordinator.ok_or_else(|| io::ErrorKind::ConnectionRefused.into());
        let stream = stream.and_then(Coordinator::dial);
        Box::pin(async move { Ok(Box::new(stream?) as Box<dyn Io>) })
    }
}

/// A cluster without sockets, of three coordinators, with a collection `books`.
pub(crate) async fn cluster() -> TestCluster {
    cluster_of(3).await
}

/// A cluster without sockets, with a collection `books`.
pub(crate) async fn cluster_of(coordinators: usize) -> TestCluster {
    ready(TestCluster::builder().coordinators(coordinators)).await
}

/// A cluster of three coordinators that speak TLS.
pub(crate) async fn cluster_with_tls(tls: Tls) -> TestCluster {
    ready(TestCluster::builder().tls(tls)).await
}

/// A cluster that is made in this way.
pub(crate) async fn cluster_with(
    how: impl FnOnce(arango_test_cluster::Builder) -> arango_test_cluster::Builder,
) -> TestCluster {
    ready(how(TestCluster::builder())).await
}

async fn ready(cluster: arango_test_cluster::Builder) -> TestCluster {
    let cluster = cluster.seed(7).in_memory().start().await.unwrap();
    client(&cluster).db("_system").execute(CreateCollection("books")).await.unwrap();
    // Known everywhere before a test begins.
    sleep(Duration::from_secs(2)).await;
    cluster.journal().clear();
    cluster
}

/// A client of all coordinators, logged in as root, that begins with the first of them unless it is told otherwise; with TLS
/// it believes their authority, and shows what they ask for.
pub(crate) fn builder(cluster: &TestCluster) -> ClientBuilder {
    let builder = Client::builder()
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .jitter(Arc::new(arango::balance::SeededRandom::new(1)))
        .policy(RoundRobin::default())
        .connect(Memory::of(cluster));
    let (Some(authority), Some(client)) = (cluster.ca_pem(), cluster.client_identity()) else {
        return builder;
    };
    let trusting = arango::Tls::new().ca_pem(authority).given_authorities_only();
    builder.tls(trusting.identity_pem(&*client.certificate, &*client.key))
}

/// A client of all coordinators, logged in as root.
pub(crate) fn client(cluster: &TestCluster) -> Client {
    builder(cluster).build().unwrap()
}

/// Asks for the version `calls` times at once, each in a task of its own.
pub(crate) async fn ask_at_once(client: &Client, calls: usize) {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        let database = client.db("_system");
        tasks.spawn(async move { database.version().await.unwrap() });
    }
    tasks.join_all().await;
}

/// Waits until a fault has struck, and not for ever.
pub(crate) async fn struck(fault: &FaultGuard) {
    let hit = async {
        while fault.hits() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(60), hit).await.expect("the fault strikes");
}

/// An insert of the class `class`.
pub(crate) fn insert(marker: &str, class: RequestClass) -> Insert {
    Insert { marker: marker.to_owned(), class, padding: 0 }
}

/// CreatedResource a database.
pub(crate) struct CreateDatabase<'a>(pub(crate) &'a DatabaseName);

impl Operation for CreateDatabase<'_> {
    type Output = ();
    const METADATA: Metadata = Metadata::post("database.create", "/_api/database");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&serde_json::json!({ "name": self.0.as_str() }))
            .creates(CreatedResource::database(self.0))
            .build()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        answer.acknowledged()
    }
}

/// The three classes.
pub(crate) const CLASSES: [RequestClass; 3] =
    [RequestClass::Safe, RequestClass::Idempotent, RequestClass::NonIdempotent];
