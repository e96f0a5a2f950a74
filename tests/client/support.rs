//! Helpers that start a cluster and a client in one process, without sockets.

#[path = "../test_operations.rs"]
mod test_operations;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango::balance::RoundRobin;
use arango::protocol::{
    ApiResponse, BuildError, CreatedResource, DatabaseName, Metadata, Operation, OutputError, RequestBuilder,
    RequestClass,
};
use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, ClientBuilder};
use arango_test_cluster::{Coordinator, FaultGuard, TestCluster, Tls};
use bytes::Bytes;
use http::Request;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) use test_operations::{CreateCollection, Insert, marked};

/// Connects to the coordinators of a cluster through its in-memory listener.
#[derive(Clone)]
pub(crate) struct InMemoryConnector(Vec<Coordinator>);

impl InMemoryConnector {
    pub(crate) fn new(cluster: &TestCluster) -> Self {
        Self(cluster.coordinators().to_vec())
    }
}

impl Connect for InMemoryConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let coordinator = self.0.iter().find(|coordinator| coordinator.address() == address);
        let stream = coordinator.ok_or_else(|| io::ErrorKind::ConnectionRefused.into());
        let stream = stream.and_then(Coordinator::connect);
        Box::pin(async move { Ok(Box::new(stream?) as Box<dyn Io>) })
    }
}

/// Starts a cluster of three coordinators without sockets, with a collection `books`.
pub(crate) async fn cluster() -> TestCluster {
    cluster_of(3).await
}

/// Starts a cluster of `coordinators` coordinators without sockets, with a collection `books`.
pub(crate) async fn cluster_of(coordinators: usize) -> TestCluster {
    start_with_books(TestCluster::builder().coordinators(coordinators)).await
}

/// Starts a cluster of three coordinators that use TLS, with a collection `books`.
pub(crate) async fn cluster_with_tls(tls: Tls) -> TestCluster {
    start_with_books(TestCluster::builder().tls(tls)).await
}

/// Starts a cluster configured by `configure`, with a collection `books`.
pub(crate) async fn cluster_with(
    configure: impl FnOnce(arango_test_cluster::Builder) -> arango_test_cluster::Builder,
) -> TestCluster {
    start_with_books(configure(TestCluster::builder())).await
}

async fn start_with_books(cluster: arango_test_cluster::Builder) -> TestCluster {
    crate::undecided_subscriber::install();
    let cluster = cluster.seed(7).in_memory().start().await.unwrap();
    client(&cluster).db("_system").execute(CreateCollection("books")).await.unwrap();
    // By then all coordinators know the collection.
    sleep(Duration::from_secs(2)).await;
    cluster.journal().clear();
    cluster
}

/// Returns a client builder for all coordinators, with the credentials of root.
///
/// The default policy is round robin, starting with the first coordinator. With TLS the client trusts the cluster's
/// authority and presents a client certificate.
pub(crate) fn builder(cluster: &TestCluster) -> ClientBuilder {
    let builder = Client::builder()
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .random_source(Arc::new(arango::balance::SeededRandom::new(1)))
        .policy(RoundRobin::default())
        .connect(InMemoryConnector::new(cluster));
    let (Some(authority), Some(client)) = (cluster.ca_pem(), cluster.client_identity()) else {
        return builder;
    };
    let tls = arango::Tls::new().ca_pem(authority).given_authorities_only();
    builder.tls(tls.identity_pem(&*client.certificate, &*client.key))
}

/// Builds a client for all coordinators, with the credentials of root.
pub(crate) fn client(cluster: &TestCluster) -> Client {
    builder(cluster).build().unwrap()
}

/// Requests the version `calls` times concurrently, each in a separate task.
pub(crate) async fn concurrent_version_calls(client: &Client, calls: usize) {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        let database = client.db("_system");
        tasks.spawn(async move { database.version().await.unwrap() });
    }
    tasks.join_all().await;
}

/// Waits until a fault has been applied, at most 60 s.
pub(crate) async fn wait_for_hit(fault: &FaultGuard) {
    let hit = async {
        while fault.hits() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(60), hit).await.expect("the fault is applied");
}

/// Returns an insert of the given request class.
pub(crate) fn insert(marker: &str, class: RequestClass) -> Insert {
    Insert { marker: marker.to_owned(), class, padding: 0 }
}

/// Creates a database.
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

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

/// All request classes.
pub(crate) const CLASSES: [RequestClass; 4] = RequestClass::ALL;
