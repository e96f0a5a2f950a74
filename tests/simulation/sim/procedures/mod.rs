//! Worlds in which a client runs a long procedure while servers die.
//!
//! Unlike in the other worlds there are no calls beside it: one client restarts, drains, moves or rebalances, and what must
//! hold is about that.

mod outages;
mod promises;
mod running;
mod setting;
mod troubles;

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{AgencyJob, RebalanceOptions, ServerId, ShardMove};
use arango::{Client, Limits};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use self::outages::Outages;
use self::promises::Evidence;
use self::running::{Acts, Running};
pub(crate) use self::setting::is_one;
use self::setting::{ProcedureSetting, Work};
use self::troubles::Troubles;
use super::link::Link;
use super::network::Network;
use super::setting::Login;
use super::sightings::Sightings;
use super::trace::Trace;
use super::{Report, clients};

const COORDINATORS: usize = 3;
/// After so long nothing of what was begun is under way, maintenance included.
const QUIET: Duration = Duration::from_secs(1_200);

/// Lets the world of a seed happen.
pub(crate) async fn happen(seed: u64) -> Report {
    let setting = ProcedureSetting::of(seed);
    let builder = TestCluster::builder().coordinators(COORDINATORS).db_servers(setting.db_servers);
    let builder = builder.seed(seed).token_lifetime(setting.token).streams(0).skewed_shards();
    let cluster = builder.move_time(setting.move_time).in_memory().start().await;
    let cluster = Arc::new(cluster.expect("a cluster in memory needs nothing"));
    cluster.agency_jobs().set_wait(setting.wait);
    let admin = client(&setting, &cluster, &Network::new(&cluster, links(), Sightings::new(Trace::begin())));
    let options = RebalanceOptions::new().move_leaders().move_followers();
    let plan = admin.cluster().rebalance_plan(&options).await.expect("nothing has gone wrong yet");

    let trace = Trace::begin();
    for line in format!("PROCEDURE {setting:#?}").lines() {
        trace.note(format_args!("{line}"));
    }
    let sightings = Sightings::new(trace.clone());
    let network = Network::new(&cluster, links(), sightings.clone());
    let of_the_procedure = client(&setting, &cluster, &network);
    let outages = Outages::new(&cluster, &trace);
    let acts = Acts::default();
    let target = ServerId::from(cluster.db_server_ids().remove(0));
    let running = Running {
        setting: &setting,
        cluster: &cluster,
        client: &of_the_procedure,
        outages: &outages,
        acts: &acts,
        trace: &trace,
        target: &target,
        moves: &plan.moves,
    };
    let troubles = Troubles {
        seed,
        cluster: &cluster,
        outages: &outages,
        trace: &trace,
        victims: victims(&setting, &cluster, &target),
    };
    let ended = tokio::select! {
        biased;
        ended = running.to_the_end() => ended,
        () = troubles.go_on() => unreachable!("they never end"),
    };
    trace.note(format_args!("ENDED {:?}", ended.result));
    outages.heal().await;
    sleep(QUIET).await;

    let in_flight = of_the_procedure.coordinators().iter().map(|state| state.in_flight).sum();
    let after = after(&admin, &cluster, &target, &plan.moves).await;
    let evidence = Evidence {
        setting: &setting,
        ended: &ended,
        acts: &acts.all(),
        outages: &outages,
        requests: &sightings.requests(),
        executions: &|command| {
            let path = format!("/_admin/cluster/{command}");
            cluster.journal().executions_by(|entry| entry.path == path && entry.method == "POST")
        },
        target: &target,
        moves: &plan.moves,
        after: &after,
        in_flight,
        open: sightings.open(),
    };
    let violations = evidence.violations();
    for violation in &violations {
        trace.note(format_args!("VIOLATION {violation}"));
    }
    let ending = match &ended.result {
        Some(Ok(_)) => 0,
        Some(Err(_)) => 1,
        None => 2,
    };
    let mut endings = [0; 3];
    endings[ending] = 1;
    Report { violations, trace: trace.lines(), endings }
}

/// The cluster long after the procedure.
struct After {
    servers: Vec<ServerId>,
    in_maintenance: Vec<ServerId>,
    jobs: Vec<AgencyJob>,
    /// How many copies of shards lie on the server that was drained.
    held: u64,
    /// Where the copies of the shard of the planned moves lie.
    copies: Vec<Option<Vec<ServerId>>>,
}

async fn after(admin: &Client, cluster: &TestCluster, target: &ServerId, moves: &[ShardMove]) -> After {
    let all = "nothing goes wrong any more";
    let admin = admin.cluster();
    let health = admin.health().await.expect(all);
    let dump = admin.agency_dump().await.expect(all);
    let servers: Vec<ServerId> = health.servers().map(|(id, _)| id.clone()).collect();
    let mut in_maintenance = Vec::new();
    for server in cluster.db_server_ids().into_iter().map(ServerId::from) {
        if admin.server_maintenance(&server).await.expect(all).is_some() {
            in_maintenance.push(server);
        }
    }
    let by_server = admin.shard_statistics_by_server().await.expect(all);
    let held = by_server.get(target).map_or(0, |counts| counts.leaders + counts.followers);
    let copies = |step: &ShardMove| dump.planned_copies(&step.database, &step.collection, &step.shard);
    let copies = moves.iter().map(copies).collect();
    After { servers, in_maintenance, jobs: dump.jobs(), held, copies }
}

/// The servers that may die beside what the procedure does.
fn victims(setting: &ProcedureSetting, cluster: &TestCluster, target: &ServerId) -> Vec<ServerId> {
    let db_servers = cluster.db_server_ids().into_iter().map(ServerId::from);
    let coordinators = cluster.coordinators().iter().map(|one| ServerId::from(one.id()));
    let is_drained = matches!(setting.work, Work::Drain | Work::DrainAndRemove);
    db_servers.chain(coordinators).filter(|server| !is_drained || server != target).collect()
}

fn links() -> Vec<Vec<Link>> {
    vec![vec![Link::new(Duration::from_millis(1)); COORDINATORS]]
}

fn client(setting: &ProcedureSetting, cluster: &TestCluster, network: &Network) -> Client {
    let builder = clients::reaching(cluster, network.road(0))
        .hosts(cluster.urls())
        .jitter(Arc::new(SeededRandom::new(setting.seed)))
        .limits(Limits::default().total(setting.total).attempt(setting.attempt));
    let password = cluster.root_password();
    let builder = match setting.login {
        Login::Jwt => builder.jwt_auth("root", password),
        Login::Basic | Login::Token => builder.basic_auth("root", password),
    };
    builder.build().expect("the settings are good")
}
