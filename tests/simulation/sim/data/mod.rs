//! Scenarios in which clients read and write documents and execute queries while faults occur.
//!
//! Unlike in the other scenarios, all calls are those of `client.db(…)` and of its collections, and the faults include
//! those of documents and cursors: repeated writes, late copies, lost batches, stopped DB-Servers. What was executed is
//! counted at the cluster: the changes of each request, and the documents at the end.

mod calls;
mod claims;
mod documents;
mod faults;
mod final_state;
mod invariants;
mod late_calls;
mod marker;
mod queries;
mod scenario;
mod setup;
mod step;

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use self::calls::{Call, CallKind};
use self::invariants::Evidence;
use self::marker::ReceivedCursors;
use self::queries::QueryRun;
use self::scenario::DataScenario;
use self::step::{Caller, Step, StepOutcome, StepRunner};
use super::db_servers::DbServerOutages;
use super::fault_driver::FaultDriver;
use super::membership_check::MembershipCheck;
use super::network::Network;
use super::network_log::NetworkLog;
use super::recovery::Recovery;
use super::scenario::seeded_rng;
use super::trace::Trace;
use super::{Report, clients, create_links};

/// What the calls of a scenario have come to.
#[derive(Debug, Default)]
struct Completed {
    steps: Vec<Step>,
    queries: Vec<QueryRun>,
}

/// Runs the data scenario of a seed.
pub(super) async fn run_scenario(seed: u64) -> Report {
    let scenario = DataScenario::from_seed(seed);
    let (cluster, admin) = setup::start_cluster(&scenario).await;
    let journal = cluster.journal();
    journal.clear();
    let trace = Trace::begin();
    for line in format!("DATA {scenario:#?}").lines() {
        trace.log(format_args!("{line}"));
    }
    let network_log = NetworkLog::new(trace.clone());
    let network = Network::new(&cluster, create_links(&scenario.base), network_log.clone());
    let received = ReceivedCursors::default();
    let builders = clients::builders(&scenario.base, &cluster, &network, &network_log).into_iter();
    let clients: Vec<_> = builders
        .map(|builder| marker::add_layers(builder, &received).build().expect("the configuration is valid"))
        .collect();
    let membership_check = MembershipCheck::begin(&clients, &trace);

    let driver = FaultDriver::new(&cluster, &network, &membership_check, &trace);
    let count = scenario.db_server_outages;
    let outages = DbServerOutages { scenario: &scenario.base, count, cluster: &cluster, trace: &trace };
    let callers: Vec<_> = (clients.iter().zip(&scenario.base.clients))
        .map(|(client, config)| Caller {
            client: client.clone(),
            limit: config.total,
            cluster: Arc::clone(&cluster),
            received: received.clone(),
            trace: trace.clone(),
        })
        .collect();
    let events = faults::draw(&scenario);
    let workload = run_calls(&callers, calls::draw(&scenario));
    let ((), (), mut completed) =
        tokio::join!(driver.run(&events), outages.run(seeded_rng(seed, 63)), workload);

    let recovery = Recovery {
        scenario: &scenario.base,
        cluster: &cluster,
        network: &network,
        clients: &clients,
        membership_check: &membership_check,
        removed: driver.removed(),
        trace: &trace,
    };
    let unhealthy = recovery.wait_until_healthy().await;
    late_calls::run(&callers, &mut completed).await;
    let leftovers = recovery.leftovers().await;
    let stored = final_state::read(&admin).await;

    let (requests, attempts) = (network_log.requests(), network_log.attempts());
    let evidence = Evidence {
        scenario: &scenario,
        completed: &completed,
        journal: &journal,
        stored: &stored,
        requests: &super::invariants::merge_observations(&scenario.base, &requests, &attempts),
        unhealthy: &unhealthy,
        leftovers: &leftovers,
        open_connections: network_log.open_connections(),
    };
    let violations = evidence.violations();
    for violation in &violations {
        trace.log(format_args!("VIOLATION {violation}"));
    }
    let mut outcome_counts = [0; 3];
    let creations = completed.queries.iter().map(|query| &query.creation);
    for step in completed.steps.iter().chain(creations) {
        outcome_counts[match step.outcome {
            StepOutcome::Succeeded(_) => 0,
            StepOutcome::Failed(_) => 1,
            StepOutcome::Dropped => 2,
        }] += 1;
    }
    Report { violations, trace: trace.lines(), outcome_counts }
}

/// Makes all calls and waits for them to end.
async fn run_calls(callers: &[Caller], calls: Vec<Call>) -> Completed {
    let mut tasks = JoinSet::new();
    for call in calls {
        let caller = callers[call.client].clone();
        tasks.spawn(async move {
            sleep_until(caller.trace.instant_at(call.at)).await;
            let mut runner = StepRunner::new(caller, &call.marker, call.drop_after);
            let query = match &call.kind {
                CallKind::Document(what) => {
                    documents::run(&mut runner, what).await;
                    None
                }
                CallKind::Query(what) => Some(queries::run(&runner, what).await),
            };
            (runner.into_steps(), query)
        });
    }
    let mut completed = Completed::default();
    for (steps, query) in tasks.join_all().await {
        completed.steps.extend(steps);
        completed.queries.extend(query);
    }
    completed.steps.sort_by_key(|step| (step.began, step.ended_at));
    completed
}
