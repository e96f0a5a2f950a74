//! Lets worlds go wrong by chance, and says which invariants that breaks.
//!
//! ```text
//! cargo xtask soak --seeds 10000            # as many as wanted
//! cargo xtask soak --seeds 10000 --from 500 # others
//! cargo xtask soak --seed 4711              # one alone, with everything that happened in it
//! ```
//!
//! The worlds are those of `tests/simulation`; `docs/simulation.md` says what they are made of.

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

/// Lets worlds go wrong by chance, and says which invariants that breaks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak")]
struct Arguments {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "seed")]
    seeds: u64,

    /// The first of them.
    #[arg(long, value_name = "SEED", default_value_t = 0, conflicts_with = "seed")]
    from: u64,

    /// One seed alone, with everything that happens in it.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,

    /// Only the worlds in which a long procedure runs.
    #[arg(long, conflicts_with = "seed")]
    procedures: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let violations = match arguments.seed {
        Some(seed) => replay(seed),
        None => soak(&worlds(&arguments)),
    };
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the world of a seed, and its scenario of runtimes.
fn run(seed: u64) -> Report {
    let (mut report, more) = (sim::run(seed), runtimes::run(seed));
    report.violations.extend(more.violations);
    report.trace.push("RUNTIMES".to_owned());
    report.trace.extend(more.trace);
    report.endings = std::array::from_fn(|ending| report.endings[ending] + more.endings[ending]);
    report
}

/// Runs one seed and prints its trace.
fn replay(seed: u64) -> usize {
    let Report { violations, trace, endings: [answered, failed, dropped] } = run(seed);
    for line in trace {
        println!("{line}");
    }
    println!("calls: {answered} answered, {failed} failed, {dropped} dropped");
    last_line(1, violations.len());
    violations.len()
}

/// The seeds that are asked for.
fn worlds(arguments: &Arguments) -> Vec<u64> {
    let seeds = (arguments.from..).filter(|seed| !arguments.procedures || sim::runs_a_procedure(*seed));
    seeds.zip(0..arguments.seeds).map(|(seed, _)| seed).collect()
}

/// Runs many seeds on all processors; tells of each violation as it is found.
fn soak(worlds: &[u64]) -> usize {
    let seeds = u64::try_from(worlds.len()).unwrap_or(u64::MAX);
    let bar = bar(seeds);
    let next = AtomicUsize::new(0);
    let (found, mut violations) = (mpsc::channel(), 0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (found, next) = (found.0.clone(), &next);
            scope.spawn(move || {
                loop {
                    let world = worlds.get(next.fetch_add(1, Ordering::Relaxed));
                    if world.is_none_or(|seed| found.send(run(*seed)).is_err()) {
                        return;
                    }
                }
            });
        }
        drop(found.0);
        for report in found.1 {
            bar.inc(1);
            violations += report.violations.len();
            bar.suspend(|| show(&report));
        }
    });
    bar.finish_and_clear();
    last_line(seeds, violations);
    violations
}

/// Says what a seed has broken, and how to see it again.
fn show(report: &Report) {
    for violation in &report.violations {
        eprintln!("{} {violation}", "violation:".red().bold());
    }
    if let Some(one) = report.violations.first() {
        eprintln!("    replay it with: cargo xtask soak --seed {}", one.seed);
    }
}

fn last_line(seeds: u64, violations: usize) {
    let line = format!("{seeds} seeds, {violations} violations");
    if violations == 0 {
        println!("{}", line.green());
    } else {
        println!("{}", line.red().bold());
    }
}

/// A bar where somebody looks at it.
fn bar(seeds: u64) -> ProgressBar {
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
