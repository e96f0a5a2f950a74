//! Varies by chance what comes from outside, and says whether the client stands it.
//!
//! ```text
//! cargo xtask fuzz                                   # every target, ten seconds each, two at once
//! cargo xtask fuzz hosts --seconds 60 --seed 7       # one at length, otherwise than before
//! cargo xtask fuzz hosts --input fuzz/artifacts/…    # one input alone
//! ```
//!
//! What is read, and what must hold then, is in `fuzz/src`, which cargo-fuzz drives too; `docs/fuzzing.md` tells more.

mod alone;
mod corpus;
mod memory;
mod mutator;
#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code, reason = "it is a library where cargo-fuzz drives it")]
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

/// Varies by chance what comes from outside, and says whether the client stands it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz")]
struct Arguments {
    /// Which targets; all, if none is named.
    #[arg(value_parser = named)]
    targets: Vec<Target>,

    /// For how long inputs are varied, for each target.
    #[arg(long, value_name = "N", default_value_t = 10)]
    seconds: u64,

    /// Where chance begins: the same seed gives the same inputs in the same order.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// Reads this file alone.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Within this process, which must be its only work.
    #[arg(long, hide = true)]
    alone: bool,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if arguments.targets.is_empty() {
        arguments.targets = TARGETS.to_vec();
    }
    let good = match (&arguments.input, arguments.targets.as_slice()) {
        (Some(input), [target]) => alone::replay(target, input),
        (Some(_), _) => {
            eprintln!("{} an input is read by one target: name it", "error:".red().bold());
            false
        }
        (None, [target]) if arguments.alone => alone::vary(target, arguments.seconds, arguments.seed),
        (None, targets) => side_by_side(targets, &arguments),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Gives each target a process of its own: what it allocates is counted for the whole process, and one that takes its
/// process with it takes no other.
fn side_by_side(targets: &[Target], arguments: &Arguments) -> bool {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let work = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !process(target, arguments) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    failed.into_inner() == 0
}

fn process(target: &Target, arguments: &Arguments) -> bool {
    let status = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .args(["--alone", target.name])
            .args(["--seconds", &arguments.seconds.to_string(), "--seed", &arguments.seed.to_string()])
            .status()
    });
    match status {
        // It has said itself what it found.
        Ok(status) if status.code().is_some() => status.success(),
        Ok(status) => {
            eprintln!("{} {}: it took its process with it: {status}", "error:".red().bold(), target.name);
            false
        }
        Err(error) => {
            eprintln!("{} {}: cannot be started: {error}", "error:".red().bold(), target.name);
            false
        }
    }
}

fn named(name: &str) -> Result<Target, String> {
    let names = || TARGETS.map(|target| target.name).join(", ");
    TARGETS.into_iter().find(|target| target.name == name).ok_or_else(|| format!("there are: {}", names()))
}
