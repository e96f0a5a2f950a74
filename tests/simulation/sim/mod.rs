//! One world for each seed: clients, coordinators and a network, all in memory, with a clock that does not wait.
//!
//! A [`Setting`] says what is there, a [`schedule`] what goes wrong, a [`workload`] who asks for what; all three are drawn
//! from the seed. Everything runs on one thread, time stands still while anybody has something to do, and chance comes
//! from the seed, so a seed that fails fails again.

mod aftermath;
mod answers;
mod attempts;
#[path = "../../books.rs"]
pub(crate) mod books;
mod carrier;
mod census;
mod changes;
mod clients;
mod invariants;
mod kind;
mod link;
mod messages;
mod network;
mod operation;
mod places;
mod player;
mod procedures;
mod schedule;
mod seen;
mod setting;
mod sightings;
mod trace;
mod workload;

use std::time::Duration;

use arango::balance::RoundRobin;
use arango_test_cluster::{TestCluster, Tls};
use rand::RngExt as _;

use self::aftermath::Aftermath;
use self::books::CreateCollection;
use self::census::Census;
use self::invariants::Evidence;
pub(crate) use self::invariants::Violation;
use self::link::Link;
use self::network::Network;
use self::player::Player;
pub(crate) use self::procedures::is_one as runs_a_procedure;
use self::setting::{Setting, chance};
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
    runtime.expect("a runtime without a driver needs nothing").block_on(async {
        if runs_a_procedure(seed) {
            return Box::pin(procedures::happen(seed)).await;
        }
        Box::pin(happen(Setting::of(seed))).await
    })
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
    if setting.kind.is_changing() {
        settle(&setting, &cluster, &network);
    }
    let clients = clients::build(&setting, &cluster, &network, &sightings);
    let census = Census::begin(&clients, &trace);

    let (events, calls) = (schedule::draw(&setting), workload::draw(&setting));
    let player = Player::new(&cluster, &network, &census, &trace);
    let workload = workload::run(&setting, &clients, calls, &network, &trace);
    let ((), ended) = tokio::join!(player.play(&events), workload);
    let aftermath = Aftermath {
        setting: &setting,
        cluster: &cluster,
        network: &network,
        clients: &clients,
        census: &census,
        away: player.away(),
        trace: &trace,
    };
    let unwell = aftermath.unwell().await;
    let unsettled = aftermath.unsettled().await;
    let broken = aftermath.broken().await;
    let short = aftermath.short().await;
    census.take();
    let remains = aftermath.remains().await;

    let (requests, attempts) = (sightings.requests(), sightings.attempts());
    let evidence = Evidence {
        setting: &setting,
        calls: &ended,
        journal: &journal,
        requests: &invariants::together(&setting, &requests, &attempts),
        attempts: &attempts,
        strangers: &sightings.strangers(),
        census: &census,
        unwell: &unwell,
        unsettled: &unsettled,
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
    let builder = TestCluster::builder()
        .coordinators(setting.coordinators)
        .seed(setting.seed)
        .keep_alive(setting.keep_alive)
        .token_lifetime(setting.token)
        .tls(if setting.kind.is_encrypted() { Tls::On } else { Tls::Off });
    let builder = if setting.http2 { builder } else { builder.streams(0) };
    let builder = match setting.answers_from {
        None => builder,
        Some(bytes) => builder.compress_answers_from(bytes),
    };
    let cluster = builder.in_memory().start().await;
    let cluster = cluster.expect("a cluster in memory needs nothing");
    // On a network of its own, which nobody watches.
    let links = vec![vec![Link::new(Duration::ZERO); setting.coordinators]];
    let network = Network::new(&cluster, links, Sightings::new(Trace::begin()));
    let client = clients::reaching(&cluster, network.road(0))
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .policy(RoundRobin::default())
        .build()
        .expect("the cluster's own addresses are good");
    client.db("_system").execute(CreateCollection("books")).await.expect("nothing has gone wrong yet");
    // Known everywhere before anything begins.
    tokio::time::sleep(Duration::from_secs(2)).await;
    cluster
}

/// Gives each coordinator an address of its own, which the list names, and takes away those that come only later.
fn settle(setting: &Setting, cluster: &TestCluster, network: &Network) {
    for (index, coordinator) in cluster.coordinators().iter().enumerate() {
        let address = places::address_of(index, 0);
        network.places().add(index, address);
        network.places().leave_older(index, address);
        coordinator.advertise(Some(&format!("tcp://{address}")));
        if index >= setting.absent_from {
            coordinator.deregister();
            coordinator.kill();
        }
    }
}

fn links(setting: &Setting) -> Vec<Vec<Link>> {
    let mut chance = chance(setting.seed, 4);
    let mut link = || Link::new(Duration::from_millis(chance.random_range(0..=5)));
    setting.clients.iter().map(|_| (0..setting.coordinators).map(|_| link()).collect()).collect()
}
