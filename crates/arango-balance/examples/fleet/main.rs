//! A fleet of clients and coordinators in virtual time, on which the policies are compared.
//!
//! ```text
//! cargo xtask fleet                                       # every size, scenario, policy and load
//! cargo xtask fleet --quick                               # small, and only what must hold whatever the figures are
//! cargo xtask fleet -- --clients 500 --coordinators 12    # a size of one's own
//! cargo xtask fleet -- --charts docs/charts               # what is drawn in docs/fleet.md
//! ```
//!
//! Members, health and policies are the crate's own; coordinators, clients and the time are simulated. The same seed
//! gives the same output. `docs/fleet.md` tells what is simulated, and what came of it.

mod agenda;
mod chart;
mod charts;
mod client;
mod coordinator;
mod figures;
mod invariant;
mod plan;
mod progress;
mod scenario;
mod strategy;
mod table;
mod target;
mod time;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anstream::{eprintln, println};
use clap::Parser;
use owo_colors::OwoColorize as _;

use crate::figures::Summary;
use crate::plan::{Plan, QUICK, QUICK_LOAD, SIZES, Size};
use crate::progress::Progress;
use crate::scenario::Scenario;
use crate::strategy::Strategy;
use crate::target::{Row, Target};

/// Compares the policies on a fleet of clients and coordinators in virtual time.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fleet")]
struct Arguments {
    /// What is left to chance.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print one JSON object for each row instead of tables.
    #[arg(long)]
    json: bool,

    /// Small worlds, of which only is said what must hold whatever the figures are; exit code 1 if it does not.
    #[arg(long, conflicts_with_all = ["clients", "coordinators", "workers", "charts"])]
    quick: bool,

    /// Draw the charts of the documentation into this directory, and nothing else.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "json")]
    charts: Option<PathBuf>,

    /// One size alone: how many clients.
    #[arg(long, value_name = "N", requires = "coordinators")]
    clients: Option<usize>,

    /// One size alone: how many coordinators.
    #[arg(long, value_name = "N", requires = "clients")]
    coordinators: Option<usize>,

    /// How many requests a coordinator works on at once.
    #[arg(long, value_name = "N", default_value_t = 16, requires = "clients")]
    workers: usize,

    /// These scenarios alone, and the one where all are equal.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    scenario: Vec<Scenario>,

    /// These policies alone.
    #[arg(long, value_enum, value_name = "POLICY")]
    policy: Vec<Strategy>,

    /// These loads alone, in percent.
    #[arg(long, value_name = "PERCENT")]
    load: Vec<u32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(directory) = &arguments.charts {
        return match charts::draw(directory, arguments.seed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{} {error}", "error:".red().bold());
                ExitCode::FAILURE
            }
        };
    }
    let sizes = match (arguments.clients, arguments.coordinators) {
        (Some(clients), Some(coordinators)) => {
            vec![Size { clients, coordinators, workers: arguments.workers }]
        }
        _ if arguments.quick => QUICK.to_vec(),
        _ => SIZES.to_vec(),
    };
    let mut rows = Vec::new();
    for size in sizes {
        let of_size = judged(&arguments.wanted(size), arguments.seed);
        if arguments.json {
            for row in &of_size {
                println!("{}", table::json(row, arguments.seed));
            }
        } else if !arguments.quick {
            show(size, &of_size);
        }
        rows.extend(of_size);
    }
    if arguments.quick { arguments.check(&rows) } else { ExitCode::SUCCESS }
}

impl Arguments {
    /// The worlds of a size that are asked for.
    fn wanted(&self, size: Size) -> Vec<Plan> {
        let mut plans = plan::of_size(size, &self.scenario);
        plans.retain(|plan| {
            (self.scenario.is_empty()
                || plan.scenario == Scenario::AllEqual
                || self.scenario.contains(&plan.scenario))
                && (self.policy.is_empty() || self.policy.contains(&plan.strategy))
                && !(self.quick && plan.load > QUICK_LOAD)
                && (self.load.is_empty() || self.load.contains(&plan.load))
        });
        plans
    }

    /// Says what does not hold.
    fn check(&self, rows: &[Row]) -> ExitCode {
        let mut broken = invariant::broken(rows);
        let twice = |row: &&Row| row.plan.size == QUICK[1] && row.plan.strategy == Strategy::LeastLoaded;
        for row in rows.iter().filter(twice) {
            if world::run(&row.plan, self.seed).summary() != row.summary {
                broken.push(format!("{:?}: the same seed does not give the same", row.plan));
            }
        }
        for what in &broken {
            eprintln!("{} {what}", "broken:".red().bold());
        }
        if !self.json {
            let line =
                format!("{} worlds of seed {}, {} invariants broken", rows.len(), self.seed, broken.len());
            println!("{line}");
        }
        if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs worlds and judges each beside the one where all are equal.
fn judged(plans: &[Plan], seed: u64) -> Vec<Row> {
    let summaries = run(plans, seed);
    let equal = |plan: &Plan| {
        let equal = Plan { scenario: Scenario::AllEqual, ..*plan };
        plans.iter().position(|other| *other == equal).map(|index| &summaries[index])
    };
    plans
        .iter()
        .zip(&summaries)
        .map(|(plan, summary)| Row::new(*plan, summary.clone(), equal(plan)))
        .collect()
}

/// Runs worlds of one size, on all processors unless they are huge; what each comes to, in their order.
fn run(plans: &[Plan], seed: u64) -> Vec<Summary> {
    let progress = Progress::begin(plans);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = if plans.iter().any(|plan| plan.size.is_huge()) { 1 } else { threads };
    let (next, summaries) = (AtomicUsize::new(0), Mutex::new(vec![None; plans.len()]));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, plan)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|index| Some((index, plans.get(index)?)))
                {
                    let summary = world::run(plan, seed).summary();
                    summaries.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(summary);
                    progress.one_more();
                }
            });
        }
    });
    progress.end();
    let summaries = summaries.into_inner().unwrap_or_else(PoisonError::into_inner);
    summaries.into_iter().map(|summary| summary.expect("every world was run")).collect()
}

fn show(size: Size, rows: &[Row]) {
    println!("{}", table::title(size).bold());
    for (line, target) in table::lines(rows) {
        match target {
            Some(Target::Met) => println!("{}", line.green()),
            Some(Target::Missed) => println!("{}", line.red()),
            None => println!("{line}"),
        }
    }
    println!();
}
