//! What a call of the facade costs beside the same call made with hyper by hand.
//!
//! ```text
//! cargo bench -p arango --bench calls                    # over TCP and over TLS
//! cargo bench -p arango --bench calls --features http2   # over HTTP/2
//! ```
//!
//! The program starts itself again: once as the server, once for each client it measures, and those
//! under valgrind as well where that is installed. It fails if something cannot be run, never
//! because something is slow.
//!
//! Without `--bench`, which `cargo bench` adds and `cargo test` does not, it only shows that it works.

mod answers;
mod client;
mod facade;
mod raw;
mod server;
mod table;
mod valgrind;
mod way;

use clap::{Parser, Subcommand};

use answers::Question;
use client::{Caller, Taken, Task};
use server::Server;
use table::Row;
use way::Way;

/// Compares what calls cost.
#[derive(Debug, Parser)]
struct Arguments {
    /// Measure, rather than only try.
    #[arg(long)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What a process that was started by another does.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Role {
    /// Answers until the input is closed.
    #[command(hide = true)]
    Serve {
        #[arg(value_enum)]
        way: Way,
    },
    /// Calls a server.
    #[command(hide = true)]
    Call(Task),
}

/// How much is done.
struct Effort {
    calls: u32,
    /// Both callers take turns, so that both meet the same weather.
    rounds: usize,
    instructions: bool,
}

const TRY: Effort = Effort { calls: 20, rounds: 1, instructions: false };
const MEASURE: Effort = Effort { calls: 20_000, rounds: 5, instructions: true };

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(role) = arguments.role else {
        return compare(if arguments.bench { &MEASURE } else { &TRY });
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        match role {
            Role::Serve { way } => server::serve(way).await,
            Role::Call(task) => task.run().await,
        }
    })
}

fn compare(effort: &Effort) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut counted = true;
    for way in Way::COMPARED {
        let server = Server::start(way)?;
        for question in Question::ALL {
            let task = |caller| Task {
                caller,
                question,
                way,
                address: server.address,
                calls: effort.calls.into(),
                authority: server.authority.clone(),
            };
            let (facade, raw) = (task(Caller::Facade), task(Caller::Raw));
            let row = |what, facade, raw, decimals| Row {
                what: format!("{}{}: {what}", question.name(), way.suffix()),
                facade,
                raw,
                decimals,
            };
            if effort.instructions {
                match (valgrind::instructions(&facade)?, valgrind::instructions(&raw)?) {
                    (Some(facade), Some(raw)) => rows.push(row("instructions per call", facade, raw, 0)),
                    _ => counted = false,
                }
            }
            // Time is for information, so it is taken where nothing hides what the client adds.
            let rounds = if way == Way::Plain { effort.rounds } else { 1 };
            let (facade, raw) = take_turns(rounds, &facade, &raw)?;
            rows.push(row("allocations per call", effort.allocations(&facade), effort.allocations(&raw), 2));
            if way == Way::Plain {
                rows.push(row("calls per second", effort.rate(&facade), effort.rate(&raw), 0));
            }
        }
    }
    table::print(&rows);
    if !counted {
        anstream::println!("instructions per call: skipped: valgrind is not installed");
    }
    Ok(())
}

fn take_turns(rounds: usize, facade: &Task, raw: &Task) -> anyhow::Result<(Vec<Taken>, Vec<Taken>)> {
    let turns = (0..rounds).map(|_| Ok((facade.measure()?, raw.measure()?)));
    turns.collect::<anyhow::Result<Vec<_>>>().map(|turns| turns.into_iter().unzip())
}

impl Effort {
    fn allocations(&self, rounds: &[Taken]) -> f64 {
        median(rounds.iter().map(|taken| f64::from(taken.allocations) / f64::from(self.calls)))
    }

    fn rate(&self, rounds: &[Taken]) -> f64 {
        median(rounds.iter().map(|taken| f64::from(self.calls) / taken.seconds))
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
