//! Cost of a call of the facade, compared with the same call made with hyper directly: over one connection to one
//! coordinator, and over a minimal pool of connections to three.
//!
//! ```text
//! cargo bench -p arango --bench calls                    # over TCP and over TLS
//! cargo bench -p arango --bench calls --features http2   # over HTTP/2
//! cargo bench -p arango --bench calls -- waiting         # the memory of 10,000 calls that wait
//! ```
//!
//! The program starts itself again: once as the server, and once for each measured client, also under valgrind if
//! that is installed. It fails if something cannot be run, never because something is slow.
//!
//! Without `--bench`, which `cargo bench` adds and `cargo test` does not, it is only a smoke test, and a check that what
//! `--counts` measures is what `calls.json` records.

mod book;
mod by_hand;
mod client;
mod endpoint;
mod facade;
mod pool;
mod protocol;
mod raw;
mod record;
mod responses;
mod sender;
mod server;
mod table;
mod valgrind;
mod waiting;

use std::collections::BTreeSet;

use clap::{Parser, Subcommand};

use client::{Caller, Measurement, Task};
use endpoint::Endpoint;
use protocol::Protocol;
use server::Server;
use table::Row;
use valgrind::{FEW, MANY};
use waiting::{Waiting, WaitingClient};

/// Compares the cost of calls.
#[derive(Debug, Parser)]
struct Arguments {
    /// Run the measurement, rather than only a smoke test.
    #[arg(long, global = true)]
    bench: bool,
    /// Measure only what does not depend on the load of the machine: instructions and allocations of calls to three
    /// coordinators.
    #[arg(long)]
    counts: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// The role of a process: but for `waiting`, of one that was started by another one.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Role {
    /// Serves until standard input is closed.
    #[command(hide = true)]
    Serve {
        #[arg(value_enum)]
        protocol: Protocol,
    },
    /// Calls a server.
    #[command(hide = true)]
    Call(Task),
    /// Compares the memory of calls that wait for their responses, each on a connection.
    Waiting(Waiting),
    /// Receives requests and never responds, until standard input is closed.
    #[command(hide = true)]
    WaitServer,
    /// Sends requests that get no response.
    #[command(hide = true)]
    WaitClient(WaitingClient),
}

/// The size of a run.
struct RunConfig {
    calls: u32,
    /// Both clients alternate, so that both run under the same conditions.
    rounds: usize,
    instructions: bool,
    /// Whether to leave out all that depends on the load of the machine.
    only_counts: bool,
}

const SMOKE_TEST: RunConfig = RunConfig { calls: 20, rounds: 1, instructions: false, only_counts: false };
const MEASURE: RunConfig = RunConfig { calls: 20_000, rounds: 5, instructions: true, only_counts: false };
const COUNT: RunConfig = RunConfig { calls: 2000, rounds: 1, instructions: true, only_counts: true };

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(role) = arguments.role else {
        if !arguments.bench {
            record::check(&counted_rows())?;
        }
        return compare(match arguments {
            Arguments { bench: true, counts: true, .. } => &COUNT,
            Arguments { bench: true, .. } => &MEASURE,
            Arguments { bench: false, .. } => &SMOKE_TEST,
        });
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match role {
            Role::Serve { protocol } => server::serve(protocol).await,
            Role::Call(task) => task.run().await,
            Role::WaitServer => waiting::serve().await,
            Role::WaitClient(client) => client.run().await,
            Role::Waiting(waiting) => waiting.compare(),
        }
    })
}

/// What is compared. A pool is the minimum with several coordinators, one connection the minimum with one.
const COMPARISONS: [(Endpoint, Caller); 15] = [
    (Endpoint::Version, Caller::Raw),
    (Endpoint::Health, Caller::Raw),
    (Endpoint::Version, Caller::Pool),
    (Endpoint::Insert, Caller::Raw),
    (Endpoint::Get, Caller::Raw),
    (Endpoint::Query, Caller::Raw),
    (Endpoint::Insert, Caller::Pool),
    (Endpoint::Get, Caller::Pool),
    (Endpoint::Query, Caller::Pool),
    (Endpoint::Rows, Caller::Raw),
    (Endpoint::Rows, Caller::Pool),
    (Endpoint::BorrowedRows, Caller::Raw),
    (Endpoint::BorrowedRows, Caller::Pool),
    (Endpoint::Import, Caller::Raw),
    (Endpoint::Import, Caller::Pool),
];

fn compare(config: &RunConfig) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut counted = true;
    for protocol in Protocol::COMPARED {
        let server = Server::start(protocol)?;
        for (endpoint, baseline) in COMPARISONS {
            if config.compares(protocol, endpoint, baseline) {
                counted &= config.compare(&server, protocol, endpoint, baseline, &mut rows)?;
            }
        }
    }
    table::print(&rows);
    if !counted {
        anstream::println!("instructions per call: skipped: valgrind is not installed");
    }
    Ok(())
}

/// Returns the rows of `--counts`, for which valgrind is needed.
fn counted_rows() -> BTreeSet<String> {
    let counted = COMPARISONS
        .into_iter()
        .filter(|(endpoint, baseline)| COUNT.compares(Protocol::Plain, *endpoint, *baseline));
    counted
        .flat_map(|(endpoint, baseline)| {
            let unit = endpoint.unit();
            [format!("instructions per {unit}"), format!("allocations per {unit}")]
                .map(|what| row_name(endpoint, Protocol::Plain, baseline, &what))
        })
        .collect()
}

fn row_name(endpoint: Endpoint, protocol: Protocol, baseline: Caller, what: &str) -> String {
    let coordinators = if baseline == Caller::Pool { ", three coordinators" } else { "" };
    format!("{}{}{coordinators}: {what}", endpoint.name(), protocol.suffix())
}

impl RunConfig {
    /// Returns whether a comparison is part of the run.
    fn compares(&self, protocol: Protocol, endpoint: Endpoint, baseline: Caller) -> bool {
        if self.only_counts {
            return protocol == Protocol::Plain && baseline == Caller::Pool && !endpoint.is_bulk();
        }
        protocol == Protocol::Plain || matches!(endpoint, Endpoint::Version | Endpoint::Health)
    }

    /// Adds the rows of one comparison; returns whether everything was counted that should be.
    fn compare(
        &self,
        server: &Server,
        protocol: Protocol,
        endpoint: Endpoint,
        baseline: Caller,
        rows: &mut Vec<Row>,
    ) -> anyhow::Result<bool> {
        let coordinators = match baseline {
            Caller::Pool => server.addresses.len(),
            Caller::Facade | Caller::Raw => 1,
        };
        let calls = endpoint.calls(self.calls);
        let task = |caller| Task {
            caller,
            endpoint,
            protocol,
            addresses: server.addresses[..coordinators].to_vec(),
            calls: calls.into(),
            authority: server.authority.clone(),
        };
        let (facade, raw) = (task(Caller::Facade), task(baseline));
        let unit = endpoint.unit();
        let mut add = |what: String, facade, raw, decimals| {
            let what = row_name(endpoint, protocol, baseline, &what);
            rows.push(Row { what, facade, raw, decimals });
        };
        let mut counted = true;
        if self.instructions {
            match (valgrind::instructions(&facade)?, valgrind::instructions(&raw)?) {
                (Some(facade), Some(raw)) => add(format!("instructions per {unit}"), facade, raw, 0),
                _ => counted = false,
            }
        }
        // Of two lengths, which differ if rows or documents are kept.
        for calls in [FEW, MANY] {
            if self.instructions
                && endpoint.is_bulk()
                && let (Some(facade), Some(raw)) =
                    (valgrind::peak_kib(&facade, calls)?, valgrind::peak_kib(&raw, calls)?)
            {
                let what = format!("KiB at most on the heap, {} {unit}s", endpoint.calls(calls));
                add(what, facade, raw, 0);
            }
        }
        // Time is informative only, so it is measured where nothing hides the client's share.
        let rounds = if protocol == Protocol::Plain { self.rounds } else { 1 };
        let (facade, raw) = measure_alternately(rounds, &facade, &raw)?;
        let mut add_medians = |what, decimals, figure: fn(&Measurement) -> Option<f64>| {
            let median = |rounds: &[Measurement]| median(rounds.iter().filter_map(figure));
            if let (Some(facade), Some(raw)) = (median(&facade), median(&raw)) {
                add(what, facade, raw, decimals);
            }
        };
        add_medians(format!("allocations per {unit}"), 2, |round| {
            Some(f64::from(round.allocations) / round.calls)
        });
        if protocol == Protocol::Plain && !self.only_counts {
            add_medians(format!("{unit}s per second"), 0, |round| Some(round.calls / round.seconds));
            add_medians(format!("µs of CPU per {unit}"), 2, |round| {
                Some(round.cpu_seconds? * 1e6 / round.calls)
            });
        }
        Ok(counted)
    }
}

fn measure_alternately(
    rounds: usize,
    facade: &Task,
    raw: &Task,
) -> anyhow::Result<(Vec<Measurement>, Vec<Measurement>)> {
    let pairs = (0..rounds).map(|_| Ok((facade.measure()?, raw.measure()?)));
    pairs.collect::<anyhow::Result<Vec<_>>>().map(|pairs| pairs.into_iter().unzip())
}

fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
