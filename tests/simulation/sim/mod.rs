//! One world for each seed: clients, coordinators and a network, all in memory, with a clock that does not wait.
//!
//! A [`Setting`] says what is there, a [`schedule`] what goes wrong, a [`workload`] who asks for what; all three are drawn
//! from the seed. Everything runs on one thread, time stands still while anybody has something to do, and chance comes
//! from the seed, so a seed that fails fails again.

mod aftermath;
mod answers;
#[path = "../../books.rs"]
pub(crate) mod books;
mod carrier;
mod invariants;
mod link;
mod messages;
mod network;
mod operation;
mod player;
mod schedule;
mod setting;
mod sightings;
mod trace;
mod workload;

use std::sync::Arc;
use std::time::Duration;

use arango::balance::{Random, SeededJitter};
use arango::{Client, Credentials, Hedging, Http2, Limits, PoolLimits};
use arango_test_cluster::TestCluster;
use rand::RngExt as _;

use self::books::CreateCollection;
use self::invariants::Evidence;
pub(crate) use self::invariants::Violation;
use self::link::Link;
use self::network::{Network, Road, name_of};
use self::player::Player;
use self::setting::{ClientSetting, Hosts, Login, Setting, Spread, chance};
use self::sightings::Sightings;
use self::trace::Trace;
use self::workload::Ending;

/// What came of a seed.
#[derive(Debug)]
pub(crate) struct Report {
    /// What must not have happened; empty if all is well.
    pub(crate) violations: Vec<Violation>,
    /// Everything that happened, one line each.
    pub(crate) trace: Vec<String>,
    /// How many calls were answered, failed, and were dropped.
    pub(crate) endings: [usize; 3],
}

/// Lets the world of a seed happen.
pub(crate) fn run(seed: u64) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without a driver needs nothing").block_on(Box::pin(happen(Setting::of(seed))))
}

async fn happen(setting: Setting) -> Report {
    let cluster = cluster(&setting).await;
    let journal = cluster.journal();
    journal.clear();
    let trace = Trace::begin();
    for line in format!("{setting:#?}").lines() {
        trace.note(format_args!("{line}"));
    }
    let sightings = Sightings::new(trace.clone());
    let network = Network::new(&cluster, links(&setting), sightings.clone());
    let clients: Vec<Client> = (0..setting.clients.len())
        .map(|index| client(&setting, index, &cluster, &network.road(index)))
        .collect();

    let (events, calls) = (schedule::draw(&setting), workload::draw(&setting));
    let player = Player { cluster: &cluster, network: &network, trace: &trace };
    let ((), ended) = tokio::join!(player.play(&events), workload::run(&setting, &clients, calls, &trace));
    let unwell = aftermath::unwell(&clients, &trace).await;
    let broken = aftermath::broken(&clients).await;
    let short = aftermath::short(&setting, &clients, &cluster).await;
    let remains = aftermath::remains(&setting, &clients).await;

    let evidence = Evidence {
        setting: &setting,
        calls: &ended,
        journal: &journal,
        requests: &sightings.requests(),
        strangers: &sightings.strangers(),
        unwell: &unwell,
        broken: &broken,
        short: &short,
        remains: &remains,
        open: sightings.open(),
    };
    let violations = evidence.violations();
    for violation in &violations {
        trace.note(format_args!("VIOLATION {violation}"));
    }
    let mut endings = [0; 3];
    for one in &ended {
        endings[match one.ending {
            Ending::Answered => 0,
            Ending::Failed(_) => 1,
            Ending::Dropped => 2,
        }] += 1;
    }
    Report { violations, trace: trace.lines(), endings }
}

/// The cluster, with the collection that everything is put into.
async fn cluster(setting: &Setting) -> TestCluster {
    let builder = TestCluster::builder().coordinators(setting.coordinators).seed(setting.seed);
    let cluster = builder.keep_alive(setting.keep_alive).in_memory().start().await;
    let cluster = cluster.expect("a cluster in memory needs nothing");
    // On a network of its own, which nobody watches.
    let links = vec![vec![Link::new(Duration::ZERO); setting.coordinators]];
    let network = Network::new(&cluster, links, Sightings::new(Trace::begin()));
    let client = Client::builder()
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .connect(network.road(0))
        .build()
        .expect("the cluster's own addresses are good");
    client.db("_system").execute(CreateCollection("books")).await.expect("nothing has gone wrong yet");
    // Known everywhere before anything begins.
    tokio::time::sleep(Duration::from_secs(2)).await;
    cluster
}

fn links(setting: &Setting) -> Vec<Vec<Link>> {
    let mut chance = chance(setting.seed, 4);
    let mut link = || Link::new(Duration::from_millis(chance.random_range(0..=5)));
    setting.clients.iter().map(|_| (0..setting.coordinators).map(|_| link()).collect()).collect()
}

fn client(setting: &Setting, index: usize, cluster: &TestCluster, road: &Road) -> Client {
    let ClientSetting {
        login,
        spread,
        hosts,
        total,
        attempt,
        connect,
        connections,
        acquire,
        idle,
        http2,
        hedges,
    } = setting.clients[index].clone();
    let seed = setting.seed.wrapping_mul(31).wrapping_add(u64::try_from(index).unwrap_or_default());
    let port = |index: usize| cluster.coordinator(index).address().port();
    let hosts: Vec<String> = match hosts {
        Hosts::Addresses => cluster.urls(),
        Hosts::Names => (0..setting.coordinators)
            .map(|index| format!("http://{}:{}", name_of(index), port(index)))
            .collect(),
    };
    let builder = Client::builder()
        .hosts(hosts)
        .jitter(Arc::new(SeededJitter::new(seed)))
        .connect(road.clone())
        .http2(if http2 { Http2::PriorKnowledge } else { Http2::Never })
        .hedging(if hedges { Hedging::of_the_slowest() } else { Hedging::never() })
        .resolve(road.clone())
        .limits(Limits::default().total(total).attempt(attempt).connect(connect))
        .pool(PoolLimits::default().connections(connections).acquire(acquire).idle(idle));
    let builder = match login {
        Login::Basic => builder.basic_auth("root", cluster.root_password()),
        Login::Jwt => builder.jwt_auth("root", cluster.root_password()),
        Login::Token => {
            let token = Credentials::token(&cluster.superuser_token());
            builder.credentials(token.expect("a token of the cluster's is one"))
        }
    };
    let builder = match spread {
        Spread::RoundRobin => builder,
        Spread::Random => builder.policy(Random::seeded(seed)),
    };
    builder.build().expect("the settings are good")
}
