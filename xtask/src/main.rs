//! Tasks of this workspace, run as `cargo xtask`.
//!
//! A task starts what it needs, and leaves no process and no temporary file behind. The package depends on the test
//! cluster and on none of the client's crates: it builds and starts programs as a user would.

mod bench;
mod cli;
mod cluster;
mod columns;
mod compat;
mod demo;
mod failure_matrix;
mod features;
mod fleet;
mod fuzz;
mod interruption;
mod mutants;
mod operations;
mod program;
mod public_api;
mod soak;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use owo_colors::OwoColorize as _;

use crate::cli::{Cli, Task, TestCluster};
use crate::cluster::Action;

fn main() -> ExitCode {
    program::parent_death::become_program().unwrap_or_else(run)
}

#[tokio::main]
async fn run() -> ExitCode {
    let cli = Cli::parse();
    perform(cli.task).await.unwrap_or_else(|error| {
        // With its causes on the same line: "… : cannot listen on 127.0.0.1:8529: Address already in use".
        anstream::eprintln!("{} {error:#}", "error:".red().bold());
        ExitCode::FAILURE
    })
}

async fn perform(task: Task) -> Result<ExitCode> {
    match task {
        Task::TestCluster(TestCluster::Up(command)) => cluster::up(command).await,
        Task::TestCluster(TestCluster::Run(command)) => cluster::run(command).await,
        Task::TestCluster(TestCluster::Token(command)) => cluster::token(command).await,
        Task::TestCluster(TestCluster::Status(command)) => cluster::status(command).await,
        Task::TestCluster(TestCluster::Down(command)) => cluster::down(command).await,
        Task::TestCluster(TestCluster::Logs(command)) => cluster::logs(command).await,
        Task::TestCluster(TestCluster::Kill(command)) => cluster::act(command, Action::Kill).await,
        Task::TestCluster(TestCluster::Restart(command)) => cluster::act(command, Action::Restart).await,
        Task::TestCluster(TestCluster::Pause(command)) => cluster::act(command, Action::Pause).await,
        Task::TestCluster(TestCluster::Resume(command)) => cluster::act(command, Action::Resume).await,
        Task::Demo(command) => demo::demo(&command).await,
        Task::FailureMatrix => failure_matrix::failure_matrix().await,
        Task::Operations(command) => operations::operations(&command).await,
        Task::PublicApi(command) => public_api::public_api(&command).await,
        Task::Bench(command) => bench::bench(command.write).await,
        Task::Mutants(command) => mutants::mutants(&command).await,
        Task::Soak(command) => soak::soak(&command).await,
        Task::Fuzz(command) => fuzz::fuzz(&command).await,
        Task::Features => features::features().await,
        Task::Fleet(command) => fleet::fleet(&command).await,
        Task::Compat(command) => compat::compat(command.client).await,
    }
}
