//! A cluster in turmoil: each coordinator is a host of its own, and speaks TCP.

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

use crate::sim::books::CreateCollection;

/// Where each coordinator listens on its host.
const PORT: u16 = 8529;

/// A step of turmoil's clock.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// How many coordinators there are.
const COORDINATORS: usize = 3;

/// What goes wrong in a scenario, or right.
pub(crate) type Ending = turmoil::Result;

/// What turmoil lets only those do who are outside of it: ends and starts hosts, between two steps of the clock.
#[derive(Clone, Default)]
pub(crate) struct Power(Arc<Mutex<Vec<(Switch, usize)>>>);

#[derive(Clone, Copy)]
enum Switch {
    Off,
    On,
}

impl Power {
    /// Ends the host of a coordinator, with everything on it.
    pub(crate) fn crash(&self, coordinator: usize) {
        self.0.lock().unwrap().push((Switch::Off, coordinator));
    }

    /// Starts it again.
    pub(crate) fn bounce(&self, coordinator: usize) {
        self.0.lock().unwrap().push((Switch::On, coordinator));
    }

    fn switch(&self, sim: &mut turmoil::Sim<'_>) {
        for (switch, coordinator) in self.0.lock().unwrap().drain(..) {
            match switch {
                Switch::Off => sim.crash(name_of(coordinator)),
                Switch::On => sim.bounce(name_of(coordinator)),
            }
        }
    }
}

/// Runs a scenario on a host of its own, which is called `client`.
pub(crate) fn simulate<F, Fut>(scenario: F)
where
    F: FnOnce(Arc<TestCluster>, Power) -> Fut + 'static,
    Fut: Future<Output = Ending> + 'static,
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

    // What the coordinators share runs on a host that nothing happens to: state, handlers and their clock.
    let shared = Arc::clone(&cluster);
    sim.host("cluster", move || {
        let shared = Arc::clone(&shared);
        async move {
            let cluster =
                TestCluster::builder().coordinators(COORDINATORS).seed(7).in_memory().start().await?;
            shared.set(Arc::new(cluster)).map_err(|_| "the cluster starts once")?;
            std::future::pending().await
        }
    });
    for index in 0..COORDINATORS {
        let cluster = Arc::clone(&cluster);
        sim.host(name_of(index), move || listen(Arc::clone(&cluster), index));
    }
    let power = Power::default();
    let seen = power.clone();
    sim.client("client", async move {
        let cluster = started(&cluster).await;
        client(&cluster).build()?.db("_system").execute(CreateCollection("books")).await?;
        // Known everywhere before a scenario begins.
        sleep(Duration::from_secs(2)).await;
        cluster.journal().clear();
        scenario(cluster, seen).await
    });
    while !sim.step().unwrap() {
        power.switch(&mut sim);
    }
}

/// The host of a coordinator.
pub(crate) fn name_of(coordinator: usize) -> String {
    format!("coordinator{coordinator}")
}

/// A client of all coordinators, that knows them by name, reaches them over TCP, and begins with the first.
pub(crate) fn client(cluster: &TestCluster) -> ClientBuilder {
    Client::builder()
        .hosts((0..COORDINATORS).map(|index| format!("http://{}:{PORT}", name_of(index))).collect::<Vec<_>>())
        .basic_auth("root", cluster.root_password())
        .jitter(Arc::new(SeededRandom::new(7)))
        .policy(RoundRobin::default())
        .connect(Tcp)
        .resolve(Tcp)
}

/// Accepts connections for a coordinator and hands on what comes over them.
///
/// A host that crashes takes its connections with it, and one that is cut off its packets; the coordinator itself lives with
/// the cluster, and may be killed there.
async fn listen(cluster: Arc<OnceLock<Arc<TestCluster>>>, index: usize) -> Ending {
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let cluster = started(&cluster).await;
        // A coordinator that is not there closes what its kernel has accepted.
        let Ok(coordinator) = cluster.coordinator(index).dial() else { continue };
        tokio::spawn(hand_on(stream, coordinator));
    }
}

/// Hands on what comes from either side, until one of them closes.
async fn hand_on(stream: TcpStream, coordinator: DuplexStream) {
    let (mut from_client, mut to_client) = split(stream);
    let (mut from_coordinator, mut to_coordinator) = split(coordinator);
    let up = async {
        drop(copy(&mut from_client, &mut to_coordinator).await);
        // An end that comes together with a request would keep the coordinator from ever looking at it.
        sleep(TICK).await;
    };
    tokio::select! {
        biased;
        () = up => {}
        _ = copy(&mut from_coordinator, &mut to_client) => {}
    }
}

async fn started(cluster: &OnceLock<Arc<TestCluster>>) -> Arc<TestCluster> {
    loop {
        if let Some(cluster) = cluster.get() {
            return Arc::clone(cluster);
        }
        sleep(TICK).await;
    }
}

/// TCP and names, as turmoil has them.
struct Tcp;

impl Connect for Tcp {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move { Ok(Box::new(TcpStream::connect(address).await?) as Box<dyn Io>) })
    }
}

impl Resolve for Tcp {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = SocketAddr::new(turmoil::lookup(name), port);
        Box::pin(async move { Ok(vec![address]) })
    }
}
