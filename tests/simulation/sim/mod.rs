//! Simulates clients, coordinators and a network in memory, with a paused clock, one scenario per seed.
//!
//! A [`Scenario`] describes the clients and the cluster, a [`schedule`] the faults, a [`workload`] the calls. All three
//! are drawn from the seed. Everything runs on one thread, the clock advances only when all tasks are idle, and all
//! random numbers come from the seed, so that a failure can be repeated.

mod address_book;
mod admin;
mod attempt_layer;
mod bank;
mod clients;
mod data;
mod db_servers;
mod fault_driver;
mod http_parser;
mod invariants;
mod io;
mod kind;
mod link;
mod membership_changes;
mod membership_check;
mod network;
mod network_log;
mod observation;
mod operation;
mod procedures;
mod recovery;
mod responses;
mod scenario;
mod schedule;
#[path = "../../test_operations.rs"]
pub(crate) mod test_operations;
mod trace;
mod workload;

use std::collections::HashMap;
use std::time::Duration;

use arango::balance::RoundRobin;
use arango::{Client, ErrorKind};
use arango_test_cluster::{TestCluster, Tls};
use rand::RngExt as _;

use self::fault_driver::FaultDriver;
use self::invariants::Evidence;
pub(crate) use self::invariants::Violation;
use self::link::Link;
use self::membership_check::MembershipCheck;
use self::network::Network;
use self::network_log::NetworkLog;
use self::operation::ReadDocument;
pub(crate) use self::procedures::runs_a_procedure;
use self::recovery::Recovery;
use self::scenario::{Scenario, seeded_rng};
use self::test_operations::CreateCollection;
use self::trace::Trace;
use self::workload::{CallKind, CallOutcome, CompletedCall};

/// Result of a seed.
#[derive(Debug)]
pub(crate) struct Report {
    /// Violated invariants.
    pub(crate) violations: Vec<Violation>,
    /// All events, one line each.
    pub(crate) trace: Vec<String>,
    /// Number of calls that succeeded, failed, and were dropped.
    pub(crate) outcome_counts: [usize; 3],
}

/// Runs the scenario of a seed.
pub(crate) fn run(seed: u64) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without drivers can be built").block_on(async {
        if runs_a_procedure(seed) {
            return Box::pin(procedures::run_scenario(seed)).await;
        }
        Box::pin(run_scenario(Scenario::from_seed(seed))).await
    })
}

/// Runs the data scenario of a seed, which each seed has besides.
pub(crate) fn run_data(seed: u64) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without drivers can be built");
    runtime.block_on(Box::pin(data::run_scenario(seed)))
}

/// Runs the bank scenario of a seed, which each seed has besides.
pub(crate) fn run_bank(seed: u64) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without drivers can be built");
    runtime.block_on(Box::pin(bank::run_scenario(seed)))
}

async fn run_scenario(scenario: Scenario) -> Report {
    let cluster = start_cluster(&scenario).await;
    let journal = cluster.journal();
    journal.clear();
    let trace = Trace::begin();
    for line in format!("{scenario:#?}").lines() {
        trace.log(format_args!("{line}"));
    }
    let network_log = NetworkLog::new(trace.clone());
    let network = Network::new(&cluster, create_links(&scenario), network_log.clone());
    if scenario.kind.has_membership_changes() {
        assign_addresses(&scenario, &cluster, &network);
    }
    let clients = clients::build(&scenario, &cluster, &network, &network_log);
    let membership_check = MembershipCheck::begin(&clients, &trace);

    let (events, calls) = (schedule::draw(&scenario), workload::draw(&scenario));
    let driver = FaultDriver::new(&cluster, &network, &membership_check, &trace);
    let workload = workload::run(&scenario, &clients, calls, &network, &trace);
    let ((), ended) = tokio::join!(driver.run(&events), workload);
    let recovery = Recovery {
        scenario: &scenario,
        cluster: &cluster,
        network: &network,
        clients: &clients,
        membership_check: &membership_check,
        removed: driver.removed(),
        trace: &trace,
    };
    let unhealthy = recovery.wait_until_healthy().await;
    let not_converged = recovery.wait_until_converged().await;
    let failed_late_calls = recovery.failed_late_calls().await;
    let exhausted_pools = recovery.exhausted_pools().await;
    let stored = read_keys(&clients, &ended).await;
    membership_check.run();
    let leftovers = recovery.leftovers().await;

    let (requests, attempts) = (network_log.requests(), network_log.attempts());
    let evidence = Evidence {
        scenario: &scenario,
        calls: &ended,
        journal: &journal,
        stored: &stored,
        requests: &invariants::merge_observations(&scenario, &requests, &attempts),
        attempts: &attempts,
        untrusted_contacts: &network_log.untrusted_contacts(),
        membership_check: &membership_check,
        unhealthy: &unhealthy,
        not_converged: &not_converged,
        failed_late_calls: &failed_late_calls,
        exhausted_pools: &exhausted_pools,
        leftovers: &leftovers,
        open_connections: network_log.open_connections(),
    };
    let violations = evidence.violations();
    for violation in &violations {
        trace.log(format_args!("VIOLATION {violation}"));
    }
    let mut outcome_counts = [0; 3];
    for completed in &ended {
        outcome_counts[match completed.outcome {
            CallOutcome::Succeeded => 0,
            CallOutcome::Failed(_) => 1,
            CallOutcome::Dropped => 2,
        }] += 1;
    }
    Report { violations, trace: trace.lines(), outcome_counts }
}

/// Starts the cluster, and creates the collection for inserts.
async fn start_cluster(scenario: &Scenario) -> TestCluster {
    let builder = TestCluster::builder()
        .coordinators(scenario.coordinators)
        .seed(scenario.seed)
        .keep_alive(scenario.keep_alive)
        .token_lifetime(scenario.token_lifetime)
        .tls(if scenario.kind.is_encrypted() { Tls::On } else { Tls::Off });
    let builder = if scenario.http2 { builder } else { builder.max_concurrent_streams(0) };
    let builder = match scenario.compress_responses_from {
        None => builder,
        Some(bytes) => builder.compress_responses_from(bytes),
    };
    let cluster = builder.in_memory().start().await;
    let cluster = cluster.expect("a cluster in memory needs no ports");
    // On a separate network that is not observed.
    let links = vec![vec![Link::new(Duration::ZERO); scenario.coordinators]];
    let network = Network::new(&cluster, links, NetworkLog::new(Trace::begin()));
    let client = clients::base_builder(&cluster, network.for_client(0))
        .hosts(cluster.urls())
        .basic_auth("root", cluster.root_password())
        .policy(RoundRobin::default())
        .build()
        .expect("the cluster's own addresses are valid");
    client.db("_system").execute(CreateCollection("books")).await.expect("there are no faults yet");
    // Time for the collection to propagate to all coordinators.
    tokio::time::sleep(Duration::from_secs(2)).await;
    cluster
}

/// Returns whether each document that a call inserted with a key is stored at the end, as far as a client can read it.
async fn read_keys(clients: &[Client], calls: &[CompletedCall]) -> HashMap<String, bool> {
    let mut stored = HashMap::new();
    for completed in calls.iter().filter(|completed| completed.call.kind == CallKind::InsertOnce) {
        let key = &completed.call.marker;
        for client in clients {
            match client.db("_system").execute(ReadDocument { key: key.clone() }).await {
                Ok(_) => stored.insert(key.clone(), true),
                Err(error) if error.kind() == ErrorKind::DocumentNotFound => {
                    stored.insert(key.clone(), false)
                }
                Err(_) => continue,
            };
            break;
        }
    }
    stored
}

/// Gives each coordinator a separate, listed address, and removes those that join later.
fn assign_addresses(scenario: &Scenario, cluster: &TestCluster, network: &Network) {
    for (index, coordinator) in cluster.coordinators().iter().enumerate() {
        let address = address_book::address_of(index, 0);
        network.addresses().add(index, address);
        network.addresses().retire_older(index, address);
        coordinator.advertise(Some(&format!("tcp://{address}")));
        if index >= scenario.initial_coordinators {
            coordinator.deregister();
            coordinator.kill();
        }
    }
}

fn create_links(scenario: &Scenario) -> Vec<Vec<Link>> {
    let mut rng = seeded_rng(scenario.seed, 4);
    let mut link = || Link::new(Duration::from_millis(rng.random_range(0..=5)));
    scenario.clients.iter().map(|_| (0..scenario.coordinators).map(|_| link()).collect()).collect()
}
