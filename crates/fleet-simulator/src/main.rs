//! Compares the policies on a simulated fleet of clients and coordinators in virtual time.
//!
//! ```text
//! cargo xtask fleet                                       # every size, scenario, policy and load
//! cargo xtask fleet --quick                               # small sizes, and only the invariants
//! cargo xtask fleet -- --clients 500 --coordinators 12    # a custom size
//! cargo xtask fleet -- --charts docs/charts               # the charts of docs/fleet.md
//! ```
//!
//! Members, health and policies are those of `arango-balance`; coordinators, clients and time are simulated. The same seed
//! gives the same output. `docs/fleet.md` describes the simulation and its results.

mod chart;
mod charts;
mod client;
mod coordinator;
mod event_queue;
mod invariant;
mod progress;
mod run_config;
mod scenario;
mod statistics;
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

use crate::progress::Progress;
use crate::run_config::{QUICK, QUICK_LOAD, RunConfig, SIZES, Size};
use crate::scenario::Scenario;
use crate::statistics::Summary;
use crate::strategy::Strategy;
use crate::target::{Row, Target};

/// Compares the policies on a simulated fleet of clients and coordinators in virtual time.
///
/// The exit code is 1 if an invariant is violated, and 0 if a target is missed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fleet")]
struct Arguments {
    /// Seed of all random choices.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print one JSON object for each row instead of tables.
    #[arg(long)]
    json: bool,

    /// Only small fleets, and only the violated invariants are printed.
    #[arg(long, conflicts_with_all = ["clients", "coordinators", "workers", "charts"])]
    quick: bool,

    /// Only draw the charts of the documentation, into this directory.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "json")]
    charts: Option<PathBuf>,

    /// Run only one size: the number of clients.
    #[arg(long, value_name = "N", requires = "coordinators")]
    clients: Option<usize>,

    /// Run only one size: the number of coordinators.
    #[arg(long, value_name = "N", requires = "clients")]
    coordinators: Option<usize>,

    /// Number of requests that a coordinator handles concurrently.
    #[arg(long, value_name = "N", default_value_t = 16, requires = "clients")]
    workers: usize,

    /// Run only these scenarios, and the one with equal coordinators.
    #[arg(long, value_enum, value_name = "SCENARIO")]
    scenario: Vec<Scenario>,

    /// Run only these policies.
    #[arg(long, value_enum, value_name = "POLICY")]
    policy: Vec<Strategy>,

    /// Run only these loads, in percent.
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
    if sizes.iter().all(|size| arguments.run_configs(*size).is_empty()) {
        eprintln!("{} no run has this scenario, policy and load", "error:".red().bold());
        return ExitCode::from(2);
    }
    let mut rows = Vec::new();
    for size in sizes {
        let size_rows = run_and_compare(&arguments.run_configs(size), arguments.seed);
        if arguments.json {
            for row in &size_rows {
                println!("{}", table::json(row, arguments.seed));
            }
        } else if !arguments.quick {
            print_table(size, &size_rows);
        }
        rows.extend(size_rows);
    }
    arguments.check(&rows)
}

impl Arguments {
    /// Returns the selected simulations of one size.
    fn run_configs(&self, size: Size) -> Vec<RunConfig> {
        let mut configs = run_config::configs_for(size, &self.scenario);
        configs.retain(|config| {
            (self.scenario.is_empty()
                || config.scenario == Scenario::AllEqual
                || self.scenario.contains(&config.scenario))
                && (self.policy.is_empty() || self.policy.contains(&config.strategy))
                && !(self.quick && config.load > QUICK_LOAD)
                && (self.load.is_empty() || self.load.contains(&config.load))
        });
        configs
    }

    /// Prints violated invariants; fails if there are any.
    fn check(&self, rows: &[Row]) -> ExitCode {
        let mut violations = invariant::violations(rows);
        let repeated = |row: &&Row| {
            [SIZES[0], QUICK[1]].contains(&row.config.size) && row.config.strategy == Strategy::LeastLoaded
        };
        for row in rows.iter().filter(repeated) {
            if world::run(&row.config, self.seed).summary() != row.summary {
                violations.push(format!("{:?}: the same seed gives another result", row.config));
            }
        }
        for violation in &violations {
            eprintln!("{} {violation}", "violated:".red().bold());
        }
        if !self.json {
            let (runs, seed, violated) = (rows.len(), self.seed, violations.len());
            println!("{runs} runs with seed {seed}, {violated} invariants violated");
        }
        if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs the simulations and compares each with the one that has equal coordinators.
fn run_and_compare(configs: &[RunConfig], seed: u64) -> Vec<Row> {
    let summaries = run(configs, seed);
    let equal = |config: &RunConfig| {
        let equal = RunConfig { scenario: Scenario::AllEqual, ..*config };
        configs.iter().position(|other| *other == equal).map(|index| &summaries[index])
    };
    configs
        .iter()
        .zip(&summaries)
        .map(|(config, summary)| Row::new(*config, summary.clone(), equal(config)))
        .collect()
}

/// Runs simulations of one size, on all processors unless they are huge; returns their summaries in order.
fn run(configs: &[RunConfig], seed: u64) -> Vec<Summary> {
    let progress = Progress::begin(configs);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = if configs.iter().any(|config| config.size.is_huge()) { 1 } else { threads };
    let (next, summaries) = (AtomicUsize::new(0), Mutex::new(vec![None; configs.len()]));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, config)) = Some(next.fetch_add(1, Ordering::Relaxed))
                    .and_then(|index| Some((index, configs.get(index)?)))
                {
                    let summary = world::run(config, seed).summary();
                    summaries.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(summary);
                    progress.increment();
                }
            });
        }
    });
    progress.end();
    let summaries = summaries.into_inner().unwrap_or_else(PoisonError::into_inner);
    summaries.into_iter().map(|summary| summary.expect("every simulation was run")).collect()
}

fn print_table(size: Size, rows: &[Row]) {
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
