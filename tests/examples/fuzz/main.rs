//! Fuzzes the inputs of the client: generates random variations and checks invariants.
//!
//! ```text
//! cargo xtask fuzz                                   # all targets in parallel, ten seconds each
//! cargo xtask fuzz hosts --seconds 60 --seed 7       # one target, longer, with another seed
//! cargo xtask fuzz hosts --input fuzz/artifacts/…    # one input
//! ```
//!
//! The targets and their invariants are in `fuzz/src`, which cargo-fuzz uses too; see `docs/fuzzing.md`.

mod corpus;
mod memory;
mod mutator;
mod single_target;
#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code, reason = "cargo-fuzz uses it as a library")]
mod targets;
mod watchdog;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anstream::eprintln;
use clap::Parser;
use owo_colors::OwoColorize as _;

use targets::{TARGETS, Target};

/// Fuzzes the inputs of the client: generates random variations and checks invariants.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz")]
struct Arguments {
    /// Targets to fuzz. Default: all.
    #[arg(value_parser = parse_target)]
    targets: Vec<Target>,

    /// Seconds per target.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u64,

    /// Seed of the random source. The same seed gives the same inputs in the same order.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// Runs one target on this file only.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Runs one target in this process, which must do nothing else.
    #[arg(long, hide = true)]
    alone: bool,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.targets.is_empty() {
        arguments.targets = TARGETS.to_vec();
    }
    let success = match (&arguments.input, arguments.targets.as_slice()) {
        (Some(input), [target]) => single_target::replay(target, input),
        (Some(_), _) => {
            eprintln!("{} --input needs exactly one target", "error:".red().bold());
            false
        }
        (None, [target]) if arguments.alone => single_target::fuzz(target, arguments.seconds, arguments.seed),
        (None, targets) => run_in_parallel(targets, &arguments),
    };
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs each target in a separate process. Allocations are counted per process, and a crash must not affect other
/// targets.
fn run_in_parallel(targets: &[Target], arguments: &Arguments) -> bool {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let run_targets = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !run_in_subprocess(target, arguments) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(run_targets);
        }
    });
    failed.into_inner() == 0
}

fn run_in_subprocess(target: &Target, arguments: &Arguments) -> bool {
    let status = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(["--alone", target.name])
            .args(["--seconds", &arguments.seconds.to_string(), "--seed", &arguments.seed.to_string()])
            .status()
    });
    match status {
        // The process has printed its findings.
        Ok(status) if status.code().is_some() => status.success(),
        Ok(status) => {
            eprintln!("{} {}: its process crashed: {status}", "error:".red().bold(), target.name);
            false
        }
        Err(error) => {
            eprintln!("{} {}: cannot be started: {error}", "error:".red().bold(), target.name);
            false
        }
    }
}

fn parse_target(name: &str) -> Result<Target, String> {
    let names = || TARGETS.map(|target| target.name).join(", ");
    TARGETS
        .into_iter()
        .find(|target| target.name == name)
        .ok_or_else(|| format!("available targets: {}", names()))
}
