//! Tasks of this workspace, run as `cargo xtask`.
//!
//! A task starts what it needs, and leaves no process and no temporary file behind. The package depends on the test
//! cluster and on none of the client's crates: it builds and starts programs as a user would.

mod bench;
mod cli;
mod cluster;
mod columns;
mod compat;
mod consent;
mod contract;
mod demo;
mod failure;
mod failure_matrix;
mod features;
mod fleet;
mod fuzz;
mod integration;
mod interruption;
mod mutants;
mod operations;
mod out_file;
mod program;
mod public_api;
mod soak;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::cli::{Cli, Task, TestCluster};
use crate::cluster::Action;

fn main() -> ExitCode {
    program::parent_death::become_program().unwrap_or_else(run)
}

#[tokio::main]
async fn run() -> ExitCode {
    let cli = Cli::parse();
    perform(cli.task).await.unwrap_or_else(|error| failure::report(&error, 1))
}

async fn perform(task: Task) -> Result<ExitCode> {
    match task {
        Task::TestCluster(command) => test_cluster(*command).await,
        Task::Integration(command) => integration::integration(*command).await,
        Task::Contract(command) => Ok(contract::contract(command).await),
        Task::Demo(command) => demo::demo(*command).await,
        Task::FailureMatrix => failure_matrix::failure_matrix().await,
        Task::Operations(command) => operations::operations(&command).await,
        Task::PublicApi(command) => public_api::public_api(&command).await,
        Task::Bench(command) => bench::bench(&command).await,
        Task::Mutants(command) => mutants::mutants(&command).await,
        Task::Soak(command) => soak::soak(&command).await,
        Task::Fuzz(command) => fuzz::fuzz(&command).await,
        Task::Features => features::features().await,
        Task::Fleet(command) => fleet::fleet(&command).await,
        Task::Compat(command) => compat::compat(command.client).await,
    }
}

async fn test_cluster(command: TestCluster) -> Result<ExitCode> {
    match command {
        TestCluster::Up(command) => cluster::up(command).await,
        TestCluster::Run(command) => cluster::run(command).await,
        TestCluster::Token(command) => cluster::token(command).await,
        TestCluster::Status(command) => cluster::status(command).await,
        TestCluster::Down(command) => cluster::down(command).await,
        TestCluster::Logs(command) => cluster::logs(command).await,
        TestCluster::Kill(command) => cluster::act(command, Action::Kill).await,
        TestCluster::Restart(command) => cluster::act(command, Action::Restart).await,
        TestCluster::Pause(command) => cluster::act(command, Action::Pause).await,
        TestCluster::Resume(command) => cluster::act(command, Action::Resume).await,
        TestCluster::Upgrade(command) => cluster::upgrade(command).await,
        TestCluster::Fault(command) => cluster::fault(command).await,
        TestCluster::Agency(command) => cluster::agency(command).await,
        TestCluster::Tokens(command) => cluster::tokens(command).await,
        TestCluster::Journal(command) => cluster::journal(command).await,
        TestCluster::Watch(command) => cluster::watch(command).await,
    }
}
