//! Simulates one client that is used from several runtimes: each phase has a new runtime and a new cluster.
//!
//! A seed decides the client's configuration and the events of each phase. Most phases end abruptly: the runtime is
//! dropped with all calls, logins, connects, probes and discovery that it runs. Everything runs on one thread with
//! paused clocks, so a seed repeats exactly; `docs/simulation.md` lists the invariants I20 to I28.

mod calls;
mod clock;
mod dropped_runtime;
mod faults;
mod invariants;
mod network;
mod phase;
mod recovery;
mod scenario;
mod stopped_runtime;
mod token_source;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use arango::balance::{RoundRobin, SeededRandom};
use arango::{Client, Credentials, Discovery, Hedging, Http2, Limits, PoolLimits};

use self::clock::Clock;
use self::network::Network;
use self::phase::Phase;
use self::scenario::{AuthMethod, ROOT_PASSWORD, SECRET, Scenario};
use self::token_source::TestTokenSource;
use crate::sim::{Report, Violation};

/// The real time after which a seed is considered to spin. It usually takes less than a second.
const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs the scenario of a seed. Aborts the process if it does not end.
pub(crate) fn run(seed: u64) -> Report {
    let (done, ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if ended.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
            let what = format!(
                "seed {seed}: I22 is violated by the client: it spins or blocks for {WATCHDOG:?} of real time\n    \
                 replay it with: cargo xtask soak --seed {seed}\n"
            );
            // Not by a macro: printed output of a test that aborts is lost.
            drop(std::io::stderr().write_all(what.as_bytes()));
            std::process::abort();
        }
    });
    let report = run_phases(&Scenario::from_seed(seed));
    drop(done);
    watchdog.join().expect("the watchdog does not panic");
    report
}

fn run_phases(scenario: &Scenario) -> Report {
    let network = Network::default();
    let client = client(scenario, &network);
    let (mut clock, mut stopped) = (Clock::default(), None);
    let mut report = Report { violations: Vec::new(), trace: Vec::new(), outcome_counts: [0; 3] };
    report.trace.extend(format!("{scenario:#?}").lines().map(str::to_owned));
    for (number, plan) in scenario.phases.iter().enumerate() {
        let phase = Phase { scenario, number, plan, client: &client, network: &network };
        let record = phase.run(&mut clock, &mut stopped);
        report.trace.extend(record.trace.iter().cloned());
        for (invariant, marker, what) in invariants::violations(scenario, plan, &record) {
            let violation = Violation { seed: scenario.seed, invariant, marker, what };
            report.trace.push(format!("VIOLATION {violation}"));
            report.violations.push(violation);
        }
        for call in &record.calls {
            let outcome = call.ended.as_ref().map_or(2, |(_, result)| usize::from(result.is_err()));
            report.outcome_counts[outcome] += 1;
        }
    }
    report
}

/// Builds the client that all phases share, outside of any runtime.
fn client(scenario: &Scenario, network: &Network) -> Client {
    let hosts = if scenario.discovery.is_some() { 1 } else { scenario.coordinators };
    let hosts: Vec<_> = (0..hosts).map(|index| format!("http://127.0.0.1:{}", 8529 + 10 * index)).collect();
    let credentials = match scenario.login {
        AuthMethod::Basic => Credentials::basic("root", ROOT_PASSWORD),
        AuthMethod::Jwt => Credentials::jwt("root", ROOT_PASSWORD),
        AuthMethod::Superuser => Credentials::superuser(SECRET),
        AuthMethod::Source => Credentials::from_source(TestTokenSource {
            network: network.clone(),
            fresh_for: scenario.fresh_for,
        }),
    };
    let limits = Limits::default().total(scenario.total).attempt(scenario.attempt).connect(scenario.connect);
    let builder = Client::builder()
        .hosts(hosts)
        .credentials(credentials)
        .random_source(Arc::new(SeededRandom::new(scenario.seed)))
        .hedging(if scenario.hedges { Hedging::at_p95() } else { Hedging::disabled() })
        .http2(if scenario.http2 { Http2::PriorKnowledge } else { Http2::Disabled })
        .limits(limits)
        .pool(PoolLimits::default().connections(scenario.connections).acquire(scenario.acquire))
        .connect(network.clone());
    let builder = match scenario.discovery {
        None => builder,
        Some(every) => builder.discovery(Discovery::enabled().interval(every)),
    };
    let builder = if scenario.round_robin { builder.policy(RoundRobin::default()) } else { builder };
    builder.build().expect("the configuration is valid")
}
