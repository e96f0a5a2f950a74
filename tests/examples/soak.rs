//! Runs scenarios with random faults and reports violated invariants.
//!
//! ```text
//! cargo xtask soak --seeds 10000            # number of seeds
//! cargo xtask soak --seeds 10000 --from 500 # other seeds
//! cargo xtask soak --seed 4711              # one seed, with its full trace
//! cargo xtask soak --data --seeds 1000      # only documents, queries and transactions
//! cargo xtask soak --histories --seeds 1000 # only histories of documents
//! ```
//!
//! The scenarios are those of `tests/simulation`; see `docs/simulation.md`.

#[path = "../simulation/histories/mod.rs"]
mod histories;
#[path = "../simulation/runtimes/mod.rs"]
mod runtimes;
#[path = "../simulation/sim/mod.rs"]
mod sim;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anstream::{eprintln, println};
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize as _;

use crate::sim::Report;

/// Runs scenarios with random faults and reports violated invariants.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak")]
struct Arguments {
    /// Number of seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "seed")]
    seeds: u64,

    /// First seed.
    #[arg(long, value_name = "SEED", default_value_t = 0, conflicts_with = "seed")]
    from: u64,

    /// Runs one seed and prints its full trace.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,

    /// Runs only scenarios in which a long-running procedure runs.
    #[arg(long, conflicts_with = "seed")]
    procedures: bool,

    /// Runs only the scenarios with documents, queries and transactions.
    #[arg(long, conflicts_with = "procedures")]
    data: bool,

    /// Runs only the histories that are checked for linearizability.
    #[arg(long, conflicts_with_all = ["procedures", "data"])]
    histories: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let run = match (arguments.data, arguments.histories) {
        (true, _) => run_data,
        (_, true) => histories::run,
        _ => run_all,
    };
    let violations = match arguments.seed {
        Some(seed) => replay(seed, run),
        None => soak(&seeds_to_run(&arguments), run),
    };
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs all scenarios of a seed.
fn run_all(seed: u64) -> Report {
    let mut report = sim::run(seed);
    add(&mut report, "RUNTIMES", runtimes::run(seed));
    add(&mut report, "DATA", run_data(seed));
    add(&mut report, "HISTORIES", histories::run(seed));
    report
}

/// Runs the scenarios of a seed with documents, queries and transactions.
fn run_data(seed: u64) -> Report {
    let mut report = sim::run_data(seed);
    add(&mut report, "BANK", sim::run_bank(seed));
    report
}

fn add(report: &mut Report, name: &str, more: Report) {
    report.violations.extend(more.violations);
    report.trace.push(name.to_owned());
    report.trace.extend(more.trace);
    report.outcome_counts =
        std::array::from_fn(|index| report.outcome_counts[index] + more.outcome_counts[index]);
}

/// Runs one seed and prints its trace.
fn replay(seed: u64, run: fn(u64) -> Report) -> usize {
    let Report { violations, trace, outcome_counts: [succeeded, failed, dropped] } = run(seed);
    for line in trace {
        println!("{line}");
    }
    println!("calls: {succeeded} succeeded, {failed} failed, {dropped} dropped");
    print_summary(1, violations.len());
    violations.len()
}

/// Returns the seeds to run.
fn seeds_to_run(arguments: &Arguments) -> Vec<u64> {
    let seeds = (arguments.from..).filter(|seed| !arguments.procedures || sim::runs_a_procedure(*seed));
    seeds.zip(0..arguments.seeds).map(|(seed, _)| seed).collect()
}

/// Runs many seeds on all processors and returns the number of violations. Each violation is printed when it is found.
fn soak(seeds: &[u64], run: fn(u64) -> Report) -> usize {
    let seed_count = u64::try_from(seeds.len()).unwrap_or(u64::MAX);
    let bar = progress_bar(seed_count);
    let next = AtomicUsize::new(0);
    let (reports, mut violations) = (mpsc::channel(), 0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (reports, next) = (reports.0.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = seeds.get(next.fetch_add(1, Ordering::Relaxed));
                    if seed.is_none_or(|seed| reports.send(run(*seed)).is_err()) {
                        return;
                    }
                }
            });
        }
        drop(reports.0);
        for report in reports.1 {
            bar.inc(1);
            violations += report.violations.len();
            bar.suspend(|| print_violations(&report));
        }
    });
    bar.finish_and_clear();
    print_summary(seed_count, violations);
    violations
}

/// Prints the violations of a seed, and the command to replay it.
fn print_violations(report: &Report) {
    for violation in &report.violations {
        eprintln!("{} {violation}", "violation:".red().bold());
    }
    if let Some(violation) = report.violations.first() {
        eprintln!("    replay it with: cargo xtask soak --seed {}", violation.seed);
    }
}

fn print_summary(seeds: u64, violations: usize) {
    let line = format!("{seeds} seeds, {violations} violations");
    if violations == 0 {
        println!("{}", line.green());
    } else {
        println!("{}", line.red().bold());
    }
}

/// Returns a progress bar, which is hidden unless stderr is a terminal.
fn progress_bar(seeds: u64) -> ProgressBar {
    let bar = ProgressBar::new(seeds);
    if let Ok(style) =
        ProgressStyle::with_template("[{bar:40.green}] {pos}/{len} seeds, {per_sec}, {eta} left")
    {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    }
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
