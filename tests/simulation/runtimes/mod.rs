//! One client that outlives its runtimes: phase by phase a new runtime and a new cluster, and the same client.
//!
//! A seed decides what the client is and what happens in each phase. Most phases end in the middle: the runtime is dropped
//! with all calls, logins, connects, probes and discovery that it runs. Everything happens on one thread with paused clocks,
//! so a seed repeats exactly; `docs/simulation.md` lists the invariants I20 to I28.

mod calls;
mod clock;
mod dropped;
mod faults;
mod invariants;
mod network;
mod phase;
mod recovery;
mod setting;
mod source;
mod stopped;

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
use self::setting::{Login, ROOT_PASSWORD, SECRET, Setting};
use self::source::Source;
use crate::sim::{Report, Violation};

/// The real time after which a seed is considered to spin. It usually takes less than a second.
const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs the scenario of a seed. Aborts the process if it does not end.
pub(crate) fn run(seed: u64) -> Report {
    let (running, ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if ended.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
            let what = format!(
                "seed {seed}: I22 is broken by the client: it spins or blocks for {WATCHDOG:?} of real time\n    \
                 replay it with: cargo xtask soak --seed {seed}\n"
            );
            // Not by a macro: what those print is lost with a test that aborts.
            drop(std::io::stderr().write_all(what.as_bytes()));
            std::process::abort();
        }
    });
    let report = run_phases(&Setting::of(seed));
    drop(running);
    watchdog.join().expect("the watchdog does not panic");
    report
}

fn run_phases(setting: &Setting) -> Report {
    let network = Network::default();
    let client = client(setting, &network);
    let (mut clock, mut stopped) = (Clock::default(), None);
    let mut report = Report { violations: Vec::new(), trace: Vec::new(), endings: [0; 3] };
    report.trace.extend(format!("{setting:#?}").lines().map(str::to_owned));
    for (number, plan) in setting.phases.iter().enumerate() {
        let phase = Phase { setting, number, plan, client: &client, network: &network };
        let record = phase.run(&mut clock, &mut stopped);
        report.trace.extend(record.trace.iter().cloned());
        for (invariant, marker, what) in invariants::broken(setting, plan, &record) {
            let violation = Violation { seed: setting.seed, invariant, marker, what };
            report.trace.push(format!("VIOLATION {violation}"));
            report.violations.push(violation);
        }
        for call in &record.calls {
            let ending = call.ended.as_ref().map_or(2, |(_, result)| usize::from(result.is_err()));
            report.endings[ending] += 1;
        }
    }
    report
}

/// The client that all phases share. It is built outside of any runtime.
fn client(setting: &Setting, network: &Network) -> Client {
    let hosts = if setting.discovery.is_some() { 1 } else { setting.coordinators };
    let hosts: Vec<_> = (0..hosts).map(|index| format!("http://127.0.0.1:{}", 8529 + 10 * index)).collect();
    let credentials = match setting.login {
        Login::Basic => Credentials::basic("root", ROOT_PASSWORD),
        Login::Jwt => Credentials::jwt("root", ROOT_PASSWORD),
        Login::Superuser => Credentials::superuser(SECRET),
        Login::Source => {
            Credentials::made_by(Source { network: network.clone(), fresh_for: setting.fresh_for })
        }
    };
    let limits = Limits::default().total(setting.total).attempt(setting.attempt).connect(setting.connect);
    let builder = Client::builder()
        .hosts(hosts)
        .credentials(credentials)
        .jitter(Arc::new(SeededRandom::new(setting.seed)))
        .hedging(if setting.hedges { Hedging::of_the_slowest() } else { Hedging::never() })
        .http2(if setting.http2 { Http2::PriorKnowledge } else { Http2::Never })
        .limits(limits)
        .pool(PoolLimits::default().connections(setting.connections).acquire(setting.acquire))
        .connect(network.clone());
    let builder = match setting.discovery {
        None => builder,
        Some(every) => builder.discovery(Discovery::on().every(every)),
    };
    let builder = if setting.round_robin { builder.policy(RoundRobin::default()) } else { builder };
    builder.build().expect("the settings are good")
}
