//! Measures the client on real sockets with a slow and with a killed coordinator.
//!
//! ```text
//! cargo xtask fleet --sockets          # takes a minute; the exit code is 1 if a threshold is missed
//! cargo xtask fleet --sockets --json   # one JSON object for each check
//! ```
//!
//! The coordinators of the embedded cluster run in this process and share its processors with the client, so times are
//! compared with others of the same run. `docs/fleet.md` lists the results.

mod check;
mod coordinator_restart;
mod load;
mod slow_coordinator;

use std::error::Error;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anstream::{eprintln, println};
use arango::balance::SeededRandom;
use arango::{Client, ClientBuilder, LoadBalancing};
use arango_test_cluster::TestCluster;
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::OwoColorize as _;

use crate::check::Check;

/// Measures the client on real sockets, with a coordinator slow, and with one killed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fleet --sockets")]
struct Arguments {
    /// Seed of the client's random source.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Print one JSON object for each check instead of a table.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let checks = match checks(&arguments).await {
        Ok(checks) => checks,
        Err(error) => {
            eprintln!("{} {error}", "error:".red().bold());
            return ExitCode::FAILURE;
        }
    };
    if arguments.json {
        for check in &checks {
            println!("{}", check.json(arguments.seed));
        }
    } else {
        for (line, met) in check::table_lines(&checks) {
            match met {
                Some(true) => println!("{}", line.green()),
                Some(false) => println!("{}", line.red()),
                None => println!("{line}"),
            }
        }
    }
    let missed = checks.iter().any(|check| check.is_met() == Some(false));
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn checks(arguments: &Arguments) -> Result<Vec<Check>, Box<dyn Error>> {
    let steps = steps();
    let mut checks = slow_coordinator::checks(arguments.seed, &steps).await?;
    checks.extend(coordinator_restart::checks(arguments.seed, &steps).await?);
    steps.finish_and_clear();
    Ok(checks)
}

/// Starts three coordinators on sockets.
async fn three_coordinators() -> Result<TestCluster, Box<dyn Error>> {
    Ok(TestCluster::builder().coordinators(3).start().await?)
}

/// Returns a client builder for these coordinators.
fn client(cluster: &TestCluster, hosts: &[String], strategy: LoadBalancing, seed: u64) -> ClientBuilder {
    let builder = Client::builder().hosts(hosts.to_vec()).basic_auth("root", cluster.root_password());
    builder.random_source(Arc::new(SeededRandom::new(seed))).load_balancing(strategy)
}

/// Returns a spinner for the current step, which is hidden unless stderr is a terminal.
fn steps() -> ProgressBar {
    let steps = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner:.green} {elapsed} {msg}") {
        steps.set_style(style);
    }
    if std::io::stderr().is_terminal() {
        steps.enable_steady_tick(Duration::from_millis(100));
    } else {
        steps.set_draw_target(ProgressDrawTarget::hidden());
    }
    steps
}
