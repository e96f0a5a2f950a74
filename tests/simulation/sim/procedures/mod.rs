//! Scenarios in which a client runs a long-running procedure while servers fail.
//!
//! Unlike in the other scenarios there are no calls besides: one client restarts, decommissions, moves or rebalances, and the
//! invariants are about that.

mod faults;
mod invariants;
mod outages;
mod runner;
mod scenario;

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{AgencyJob, RebalanceOptions, ServerId, ShardMove};
use arango::{Client, Limits};
use arango_test_cluster::TestCluster;
use tokio::time::sleep;

use self::faults::FaultInjector;
use self::invariants::Evidence;
use self::outages::Outages;
use self::runner::{ActionLog, ProcedureRunner};
pub(crate) use self::scenario::runs_a_procedure;
use self::scenario::{Procedure, ProcedureScenario};
use super::link::Link;
use super::network::Network;
use super::network_log::NetworkLog;
use super::scenario::AuthMethod;
use super::trace::Trace;
use super::{Report, clients};

const COORDINATORS: usize = 3;
/// Time after which nothing that the procedure started is still running, maintenance included.
const SETTLE_TIME: Duration = Duration::from_secs(1_200);

/// Runs the scenario of a seed.
pub(crate) async fn run_scenario(seed: u64) -> Report {
    let scenario = ProcedureScenario::from_seed(seed);
    let builder = TestCluster::builder().coordinators(COORDINATORS).db_servers(scenario.db_servers);
    let builder =
        builder.seed(seed).token_lifetime(scenario.token_lifetime).max_concurrent_streams(0).skewed_shards();
    let cluster = builder.move_time(scenario.move_time).in_memory().start().await;
    let cluster = Arc::new(cluster.expect("a cluster in memory needs no ports"));
    cluster.agency_jobs().set_todo_time(scenario.todo_time);
    let admin = build_client(
        &scenario,
        &cluster,
        &Network::new(&cluster, create_links(), NetworkLog::new(Trace::begin())),
    );
    let options = RebalanceOptions::new().move_leaders().move_followers();
    let plan = admin.cluster().rebalance_plan_with(&options).await.expect("there are no faults yet");

    let trace = Trace::begin();
    for line in format!("PROCEDURE {scenario:#?}").lines() {
        trace.log(format_args!("{line}"));
    }
    let network_log = NetworkLog::new(trace.clone());
    let network = Network::new(&cluster, create_links(), network_log.clone());
    let client = build_client(&scenario, &cluster, &network);
    let outages = Outages::new(&cluster, &trace);
    let actions = ActionLog::default();
    let target = ServerId::from(cluster.db_server_ids().remove(0));
    let runner = ProcedureRunner {
        scenario: &scenario,
        cluster: &cluster,
        client: &client,
        outages: &outages,
        actions: &actions,
        trace: &trace,
        target: &target,
        moves: &plan.moves,
    };
    let fault_injector = FaultInjector {
        seed,
        cluster: &cluster,
        outages: &outages,
        trace: &trace,
        victims: victims(&scenario, &cluster, &target),
    };
    let ended = tokio::select! {
        biased;
        ended = runner.run() => ended,
        () = fault_injector.run() => unreachable!("the fault injector never returns"),
    };
    trace.log(format_args!("ENDED {:?}", ended.result));
    outages.heal().await;
    sleep(SETTLE_TIME).await;

    let in_flight = client.coordinators().iter().map(|state| state.in_flight).sum();
    let final_state = read_final_state(&admin, &cluster, &target, &plan.moves).await;
    let evidence = Evidence {
        scenario: &scenario,
        ended: &ended,
        actions: &actions.all(),
        outages: &outages,
        requests: &network_log.requests(),
        executions: &|command| {
            let path = format!("/_admin/cluster/{command}");
            cluster.journal().executions_matching(|entry| entry.path == path && entry.method == "POST")
        },
        target: &target,
        moves: &plan.moves,
        final_state: &final_state,
        in_flight,
        open_connections: network_log.open_connections(),
    };
    let violations = evidence.violations();
    for violation in &violations {
        trace.log(format_args!("VIOLATION {violation}"));
    }
    let outcome = match &ended.result {
        Some(Ok(_)) => 0,
        Some(Err(_)) => 1,
        None => 2,
    };
    let mut outcome_counts = [0; 3];
    outcome_counts[outcome] = 1;
    Report { violations, trace: trace.lines(), outcome_counts }
}

/// State of the cluster long after the procedure.
struct FinalState {
    servers: Vec<ServerId>,
    in_maintenance: Vec<ServerId>,
    jobs: Vec<AgencyJob>,
    /// Number of shard copies on the server that was decommissioned.
    shards_on_target: u64,
    /// Servers with a copy of the shard of each planned move.
    copies: Vec<Option<Vec<ServerId>>>,
}

async fn read_final_state(
    admin: &Client,
    cluster: &TestCluster,
    target: &ServerId,
    moves: &[ShardMove],
) -> FinalState {
    let no_faults = "there are no faults any more";
    let admin = admin.cluster();
    let health = admin.health().await.expect(no_faults);
    let dump = admin.agency_dump().await.expect(no_faults);
    let servers: Vec<ServerId> = health.servers().map(|(id, _)| id.clone()).collect();
    let mut in_maintenance = Vec::new();
    for server in cluster.db_server_ids().into_iter().map(ServerId::from) {
        if admin.server_maintenance(&server).await.expect(no_faults).is_some() {
            in_maintenance.push(server);
        }
    }
    let by_server = admin.shard_statistics_by_server().await.expect(no_faults);
    let shards_on_target = by_server.get(target).map_or(0, |counts| counts.leaders + counts.followers);
    let copies = |step: &ShardMove| dump.planned_copies(&step.database, &step.collection, &step.shard);
    let copies = moves.iter().map(copies).collect();
    FinalState { servers, in_maintenance, jobs: dump.jobs(), shards_on_target, copies }
}

/// Returns the servers that may fail.
fn victims(scenario: &ProcedureScenario, cluster: &TestCluster, target: &ServerId) -> Vec<ServerId> {
    let db_servers = cluster.db_server_ids().into_iter().map(ServerId::from);
    let coordinators = cluster.coordinators().iter().map(|one| ServerId::from(one.id()));
    let is_decommissioned =
        matches!(scenario.procedure, Procedure::Decommission | Procedure::DecommissionAndRemove);
    db_servers.chain(coordinators).filter(|server| !is_decommissioned || server != target).collect()
}

fn create_links() -> Vec<Vec<Link>> {
    vec![vec![Link::new(Duration::from_millis(1)); COORDINATORS]]
}

fn build_client(scenario: &ProcedureScenario, cluster: &TestCluster, network: &Network) -> Client {
    let builder = clients::base_builder(cluster, network.for_client(0))
        .hosts(cluster.urls())
        .random_source(Arc::new(SeededRandom::new(scenario.seed)))
        .limits(Limits::default().total(scenario.total).attempt(scenario.attempt));
    let password = cluster.root_password();
    let builder = match scenario.login {
        AuthMethod::Jwt => builder.jwt_auth("root", password),
        AuthMethod::Basic | AuthMethod::Token => builder.basic_auth("root", password),
    };
    builder.build().expect("the configuration is valid")
}
