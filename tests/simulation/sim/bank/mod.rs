//! Scenarios of a bank: clients move amounts between accounts in transactions while coordinators are killed, DB-Servers are
//! stopped, and leaders move.
//!
//! Each transfer also inserts an entry into a ledger, so that its effects can be counted at the end.

mod faults;
mod final_state;
mod invariants;
mod leader_moves;
mod setup;
mod transfer;

use std::time::Duration;

use rand::RngExt as _;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use self::transfer::{End, TransferRun};
use super::db_servers::DbServerOutages;
use super::fault_driver::FaultDriver;
use super::kind::Kind;
use super::membership_check::MembershipCheck;
use super::network::Network;
use super::network_log::NetworkLog;
use super::recovery::Recovery;
use super::scenario::{Scenario, seeded_rng};
use super::trace::Trace;
use super::{Report, clients, create_links};

/// Long enough for the end of every transaction that no client has ended: it is not used for 60 s.
const TRANSACTIONS_END: Duration = Duration::from_secs(130);

/// The initial state of a bank.
#[derive(Debug, Clone)]
struct BankScenario {
    /// Clients, coordinators, and the faults that all scenarios have.
    base: Scenario,
    /// The number of programs that transfer at the same time.
    payers: usize,
    /// The number of transfers of each.
    transfers: usize,
    /// The number of faults of transactions.
    transaction_faults: usize,
    /// How often a DB-Server is stopped, and how often the leader of all documents moves.
    db_server_outages: usize,
    leader_moves: usize,
}

impl BankScenario {
    fn from_seed(seed: u64) -> Self {
        let mut rng = seeded_rng(seed, 70);
        Self {
            base: Scenario::of_kind(seed, Kind::Data),
            payers: 32,
            transfers: rng.random_range(2..=4),
            transaction_faults: rng.random_range(4..=16),
            db_server_outages: if rng.random_bool(0.5) { rng.random_range(1..=3) } else { 0 },
            leader_moves: if rng.random_bool(0.5) { rng.random_range(1..=4) } else { 0 },
        }
    }
}

/// Runs the bank scenario of a seed.
pub(super) async fn run_scenario(seed: u64) -> Report {
    let scenario = BankScenario::from_seed(seed);
    let (cluster, admin) = setup::start_cluster(&scenario).await;
    cluster.journal().clear();
    let trace = Trace::begin();
    for line in format!("BANK {scenario:#?}").lines() {
        trace.log(format_args!("{line}"));
    }
    let network_log = NetworkLog::new(trace.clone());
    let network = Network::new(&cluster, create_links(&scenario.base), network_log.clone());
    let clients = clients::build(&scenario.base, &cluster, &network, &network_log);
    let membership_check = MembershipCheck::begin(&clients, &trace);
    let driver = FaultDriver::new(&cluster, &network, &membership_check, &trace);

    let mut tasks = JoinSet::new();
    for (payer, transfers) in transfer::draw(&scenario).into_iter().enumerate() {
        let (bank, trace) = (clients[payer % clients.len()].db("_system"), trace.clone());
        tasks.spawn(async move {
            let mut runs = Vec::new();
            for transfer in transfers {
                sleep_until(trace.instant_at(transfer.at)).await;
                runs.push(transfer::run(&bank, &trace, transfer).await);
            }
            runs
        });
    }
    let events = faults::draw(&scenario);
    let count = scenario.db_server_outages;
    let outages = DbServerOutages { scenario: &scenario.base, count, cluster: &cluster, trace: &trace };
    let moves = leader_moves::run(&scenario, &cluster, &admin, &trace);
    let ((), (), (), ended) =
        tokio::join!(driver.run(&events), outages.run(seeded_rng(seed, 73)), moves, tasks.join_all());
    let mut runs: Vec<TransferRun> = ended.into_iter().flatten().collect();
    runs.sort_by(|one, other| one.transfer.marker.cmp(&other.transfer.marker));

    let recovery = Recovery {
        scenario: &scenario.base,
        cluster: &cluster,
        network: &network,
        clients: &clients,
        membership_check: &membership_check,
        removed: driver.removed(),
        trace: &trace,
    };
    recovery.wait_until_healthy().await;
    sleep(TRANSACTIONS_END).await;
    let stored = final_state::read(&admin, &runs, cluster.open_transactions()).await;
    let violations = invariants::violations(seed, &runs, &stored);
    for violation in &violations {
        trace.log(format_args!("VIOLATION {violation}"));
    }
    let mut outcome_counts = [0; 3];
    for run in &runs {
        outcome_counts[match run.end {
            End::Committed => 0,
            End::Failed(_) => 1,
            End::Dropped => 2,
        }] += 1;
    }
    Report { violations, trace: trace.lines(), outcome_counts }
}
