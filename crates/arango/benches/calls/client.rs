//! The client process: sends calls one after the other and reports the cost.

use std::alloc::System;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::endpoint::{Endpoint, SERVERS, VERSION};
use crate::facade::Facade;
use crate::pool::Pool;
use crate::protocol::Protocol;
use crate::raw::Raw;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls before the measurement: the connection is opened and buffers have grown.
const WARM_UP: u64 = 200;

/// The client implementation.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Caller {
    Facade,
    /// One connection of hyper.
    Raw,
    /// A pool of connections of hyper that rotates over the coordinators.
    Pool,
}

/// The work of one client process.
#[derive(Debug, Clone, Args)]
pub(crate) struct Task {
    #[arg(value_enum)]
    pub(crate) caller: Caller,
    #[arg(value_enum)]
    pub(crate) endpoint: Endpoint,
    #[arg(value_enum)]
    pub(crate) protocol: Protocol,
    pub(crate) calls: u64,
    /// The addresses of the coordinators.
    #[arg(long = "address", required = true)]
    pub(crate) addresses: Vec<SocketAddr>,
    /// The certificate authority of the server, in PEM.
    #[arg(long)]
    pub(crate) authority: Option<String>,
}

/// The measured cost of the calls.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) seconds: f64,
    pub(crate) allocations: u32,
}

impl Task {
    /// Returns the command that runs the task in a new process, through `wrapper` if given.
    pub(crate) fn command(&self, wrapper: &[&str]) -> anyhow::Result<Command> {
        let program = std::env::current_exe()?;
        let mut command = match wrapper {
            [] => Command::new(program),
            [wrapper, arguments @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(arguments).arg(program);
                command
            }
        };
        let caller = match self.caller {
            Caller::Facade => "facade",
            Caller::Raw => "raw",
            Caller::Pool => "pool",
        };
        command.args(["call", caller, self.endpoint.name(), self.protocol.name()]);
        command.arg(self.calls.to_string());
        command.args(self.addresses.iter().map(|address| format!("--address={address}")));
        command.args(self.authority.iter().map(|authority| format!("--authority={authority}")));
        Ok(command)
    }

    /// Runs the task in a new process.
    pub(crate) fn measure(&self) -> anyhow::Result<Measurement> {
        let output = self.command(&[])?.output().context("a client process")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "a client process failed: {errors}");
        serde_json::from_slice(&output.stdout).context("the output of a client process")
    }

    /// Runs the task and prints the measurement.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let endpoint = self.endpoint;
        let measurement = match self.caller {
            Caller::Facade => {
                let facade = Facade::new(&self)?;
                self.repeat(async || facade.call(endpoint).await).await?
            }
            Caller::Raw => {
                let mut raw = Raw::connect(&self).await?;
                self.repeat(async || raw.call().await).await?
            }
            Caller::Pool => {
                let pool = Pool::connect(&self).await?;
                self.repeat(async || pool.call().await).await?
            }
        };
        anstream::println!("{}", serde_json::to_string(&measurement)?);
        Ok(())
    }

    async fn repeat(
        &self,
        mut call: impl AsyncFnMut() -> anyhow::Result<usize>,
    ) -> anyhow::Result<Measurement> {
        let expected = match self.endpoint {
            Endpoint::Version => VERSION.len(),
            Endpoint::Health => SERVERS,
        };
        for _ in 0..WARM_UP {
            let actual = call().await?;
            ensure!(actual == expected, "read {actual}, expected {expected}");
        }
        let allocations = Region::new(ALLOCATOR);
        let started_at = Instant::now();
        for _ in 0..self.calls {
            call().await?;
        }
        let seconds = started_at.elapsed().as_secs_f64();
        let change = allocations.change();
        let allocations = (change.allocations + change.reallocations).try_into()?;
        Ok(Measurement { seconds, allocations })
    }
}
