//! A cluster in turmoil: each coordinator is a separate host that accepts TCP connections.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use arango::balance::{RoundRobin, SeededRandom};
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, ClientBuilder};
use arango_test_cluster::TestCluster;
use tokio::io::{DuplexStream, copy, split};
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};

use crate::sim::test_operations::CreateCollection;

/// Port of each coordinator on its host.
const PORT: u16 = 8529;

/// Step of turmoil's clock.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Number of coordinators.
const COORDINATORS: usize = 3;

/// Result of a scenario.
pub(crate) type ScenarioResult = turmoil::Result;

/// Crashes and restarts hosts between two steps of the clock, which turmoil allows only from outside the simulation.
#[derive(Clone, Default)]
pub(crate) struct HostControl(Arc<Mutex<Vec<(HostAction, usize)>>>);

#[derive(Clone, Copy)]
enum HostAction {
    Crash,
    Bounce,
}

impl HostControl {
    /// Crashes the host of a coordinator, with everything on it.
    pub(crate) fn crash(&self, coordinator: usize) {
        self.0.lock().unwrap().push((HostAction::Crash, coordinator));
    }

    /// Restarts the host of a coordinator.
    pub(crate) fn bounce(&self, coordinator: usize) {
        self.0.lock().unwrap().push((HostAction::Bounce, coordinator));
    }

    fn apply(&self, sim: &mut turmoil::Sim<'_>) {
        for (action, coordinator) in self.0.lock().unwrap().drain(..) {
            match action {
                HostAction::Crash => sim.crash(host_name(coordinator)),
                HostAction::Bounce => sim.bounce(host_name(coordinator)),
            }
        }
    }
}

/// Runs a scenario on a separate host named `client`.
pub(crate) fn simulate<F, Fut>(scenario: F)
where
    F: FnOnce(Arc<TestCluster>, HostControl) -> Fut + 'static,
    Fut: Future<Output = ScenarioResult> + 'static,
{
    let mut builder = turmoil::Builder::new();
    builder
        .tick_duration(TICK)
        .min_message_latency(TICK)
        .max_message_latency(TICK * 2)
        .simulation_duration(Duration::from_secs(300))
        .rng_seed(7);
    let mut sim = builder.build();
    let cluster: Arc<OnceLock<Arc<TestCluster>>> = Arc::default();

    // The shared parts of the coordinators run on a host without faults: state, handlers and their clock.
    let shared = Arc::clone(&cluster);
    sim.host("cluster", move || {
        let shared = Arc::clone(&shared);
        async move {
            let cluster =
                TestCluster::builder().coordinators(COORDINATORS).seed(7).in_memory().start().await?;
            shared.set(Arc::new(cluster)).map_err(|_| "the cluster is started once")?;
            std::future::pending().await
        }
    });
    for index in 0..COORDINATORS {
        let cluster = Arc::clone(&cluster);
        sim.host(host_name(index), move || listen(Arc::clone(&cluster), index));
    }
    let host_control = HostControl::default();
    let control = host_control.clone();
    sim.client("client", async move {
        let cluster = wait_for_cluster(&cluster).await;
        client_builder(&cluster).build()?.db("_system").execute(CreateCollection("books")).await?;
        // Time for the collection to propagate to all coordinators.
        sleep(Duration::from_secs(2)).await;
        cluster.journal().clear();
        scenario(cluster, control).await
    });
    while !sim.step().unwrap() {
        host_control.apply(&mut sim);
    }
}

/// Host name of a coordinator.
pub(crate) fn host_name(coordinator: usize) -> String {
    format!("coordinator{coordinator}")
}

/// Builds a client that knows all coordinators by name, connects over TCP, and starts with the first.
pub(crate) fn client_builder(cluster: &TestCluster) -> ClientBuilder {
    Client::builder()
        .hosts(
            (0..COORDINATORS).map(|index| format!("http://{}:{PORT}", host_name(index))).collect::<Vec<_>>(),
        )
        .basic_auth("root", cluster.root_password())
        .random_source(Arc::new(SeededRandom::new(7)))
        .policy(RoundRobin::default())
        .connect(TurmoilTcp)
        .resolve(TurmoilTcp)
}

/// Accepts connections for a coordinator and forwards their bytes.
///
/// A crashed host loses its connections, and a partitioned one its packets. The coordinator itself belongs to the
/// cluster, and may be killed there.
async fn listen(cluster: Arc<OnceLock<Arc<TestCluster>>>, index: usize) -> ScenarioResult {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let cluster = wait_for_cluster(&cluster).await;
        // A killed coordinator closes what its kernel has accepted.
        let Ok(coordinator) = cluster.coordinator(index).connect() else { continue };
        tokio::spawn(forward(stream, coordinator));
    }
}

/// Forwards bytes in both directions until one side closes.
async fn forward(stream: TcpStream, coordinator: DuplexStream) {
    let (mut from_client, mut to_client) = split(stream);
    let (mut from_coordinator, mut to_coordinator) = split(coordinator);
    let upload = async {
        drop(copy(&mut from_client, &mut to_coordinator).await);
        // If the end came together with a request, the coordinator would never handle the request.
        sleep(TICK).await;
    };
    tokio::select! {
        biased;
        () = upload => {}
        _ = copy(&mut from_coordinator, &mut to_client) => {}
    }
}

async fn wait_for_cluster(cluster: &OnceLock<Arc<TestCluster>>) -> Arc<TestCluster> {
    loop {
        if let Some(cluster) = cluster.get() {
            return Arc::clone(cluster);
        }
        sleep(TICK).await;
    }
}

/// Connects and resolves through turmoil.
struct TurmoilTcp;

impl Connect for TurmoilTcp {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move { Ok(Box::new(TcpStream::connect(address).await?) as Box<dyn Io>) })
    }
}

impl Resolve for TurmoilTcp {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = SocketAddr::new(turmoil::lookup(name), port);
        Box::pin(async move { Ok(vec![address]) })
    }
}
