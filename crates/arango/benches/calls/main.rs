//! Cost of a call of the facade, compared with the same call made with hyper directly: over one connection to one
//! coordinator, and over a minimal pool of connections to three.
//!
//! ```text
//! cargo bench -p arango --bench calls                    # over TCP and over TLS
//! cargo bench -p arango --bench calls --features http2   # over HTTP/2
//! ```
//!
//! The program starts itself again: once as the server, and once for each measured client, also under valgrind if
//! that is installed. It fails if something cannot be run, never because something is slow.
//!
//! Without `--bench`, which `cargo bench` adds and `cargo test` does not, it is only a smoke test.

mod client;
mod endpoint;
mod facade;
mod pool;
mod protocol;
mod raw;
mod server;
mod table;
mod valgrind;

use clap::{Parser, Subcommand};

use client::{Caller, Measurement, Task};
use endpoint::Endpoint;
use protocol::Protocol;
use server::Server;
use table::Row;

/// Compares the cost of calls.
#[derive(Debug, Parser)]
struct Arguments {
    /// Run the measurement, rather than only a smoke test.
    #[arg(long)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// The role of a process that was started by another one.
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
}

/// The size of a run.
struct RunConfig {
    calls: u32,
    /// Both clients alternate, so that both run under the same conditions.
    rounds: usize,
    instructions: bool,
}

const SMOKE_TEST: RunConfig = RunConfig { calls: 20, rounds: 1, instructions: false };
const MEASURE: RunConfig = RunConfig { calls: 20_000, rounds: 5, instructions: true };

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(role) = arguments.role else {
        return compare(if arguments.bench { &MEASURE } else { &SMOKE_TEST });
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match role {
            Role::Serve { protocol } => server::serve(protocol).await,
            Role::Call(task) => task.run().await,
        }
    })
}

fn compare(config: &RunConfig) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut counted = true;
    for protocol in Protocol::COMPARED {
        let server = Server::start(protocol)?;
        let comparisons = [
            (Endpoint::Version, Caller::Raw),
            (Endpoint::Health, Caller::Raw),
            (Endpoint::Version, Caller::Pool),
        ];
        for (endpoint, baseline) in comparisons {
            // A pool is the minimum with several coordinators, one connection the minimum with one.
            let (coordinators, suffix) = match baseline {
                Caller::Pool => (server.addresses.len(), ", three coordinators"),
                Caller::Facade | Caller::Raw => (1, ""),
            };
            let task = |caller| Task {
                caller,
                endpoint,
                protocol,
                addresses: server.addresses[..coordinators].to_vec(),
                calls: config.calls.into(),
                authority: server.authority.clone(),
            };
            let (facade, raw) = (task(Caller::Facade), task(baseline));
            let row = |what, facade, raw, decimals| Row {
                what: format!("{}{}{suffix}: {what}", endpoint.name(), protocol.suffix()),
                facade,
                raw,
                decimals,
            };
            if config.instructions {
                match (valgrind::instructions(&facade)?, valgrind::instructions(&raw)?) {
                    (Some(facade), Some(raw)) => rows.push(row("instructions per call", facade, raw, 0)),
                    _ => counted = false,
                }
            }
            // Time is informative only, so it is measured where nothing hides the client's share.
            let rounds = if protocol == Protocol::Plain { config.rounds } else { 1 };
            let (facade, raw) = measure_alternately(rounds, &facade, &raw)?;
            rows.push(row("allocations per call", config.allocations(&facade), config.allocations(&raw), 2));
            if protocol == Protocol::Plain {
                rows.push(row("calls per second", config.rate(&facade), config.rate(&raw), 0));
            }
        }
    }
    table::print(&rows);
    if !counted {
        anstream::println!("instructions per call: skipped: valgrind is not installed");
    }
    Ok(())
}

fn measure_alternately(
    rounds: usize,
    facade: &Task,
    raw: &Task,
) -> anyhow::Result<(Vec<Measurement>, Vec<Measurement>)> {
    let pairs = (0..rounds).map(|_| Ok((facade.measure()?, raw.measure()?)));
    pairs.collect::<anyhow::Result<Vec<_>>>().map(|pairs| pairs.into_iter().unzip())
}

impl RunConfig {
    fn allocations(&self, rounds: &[Measurement]) -> f64 {
        median(rounds.iter().map(|measurement| f64::from(measurement.allocations) / f64::from(self.calls)))
    }

    fn rate(&self, rounds: &[Measurement]) -> f64 {
        median(rounds.iter().map(|measurement| f64::from(self.calls) / measurement.seconds))
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
