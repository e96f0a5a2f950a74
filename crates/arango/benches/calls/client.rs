//! The client process: sends calls one after the other and reports the cost.

use std::alloc::System;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::book::{Book, KEY};
use crate::endpoint::{BATCH_ROWS, Endpoint};
use crate::facade::Facade;
use crate::pool::Pool;
use crate::protocol::Protocol;
use crate::raw::Raw;
use crate::responses::{SERVERS, VERSION};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Returns the bytes that are on the heap.
pub(crate) fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Calls before the measurement: the connection is opened and buffers have grown.
const WARM_UP: u32 = 200;

/// A client that is measured.
pub(crate) trait Calls {
    /// Sends one call; returns a number that its response contains.
    async fn call(&mut self) -> anyhow::Result<usize>;

    /// Reads so many rows of a cursor; returns the sum of their pages.
    async fn rows(&mut self, rows: u64) -> anyhow::Result<u64>;

    /// Imports so many documents; returns how many were stored.
    async fn import(&mut self, documents: u64) -> anyhow::Result<u64>;
}

/// The client implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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
    /// The number of calls, or of rows.
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
    pub(crate) calls: f64,
    pub(crate) seconds: f64,
    /// The time of the processor, with that of the kernel; `None` if not on Linux.
    pub(crate) cpu_seconds: Option<f64>,
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
        let measurement = match self.caller {
            Caller::Facade => self.run_with(Facade::new(&self)?).await?,
            Caller::Raw => self.run_with(Raw::connect(&self).await?).await?,
            Caller::Pool => self.run_with(Pool::connect(&self).await?).await?,
        };
        anstream::println!("{}", serde_json::to_string(&measurement)?);
        Ok(())
    }

    async fn run_with(&self, mut client: impl Calls) -> anyhow::Result<Measurement> {
        self.repeat(&mut client, self.endpoint.calls(WARM_UP).into()).await?;
        let allocations = Region::new(ALLOCATOR);
        let (started_at, cpu_before) = (Instant::now(), cpu_seconds());
        self.repeat(&mut client, self.calls).await?;
        let (seconds, cpu_after) = (started_at.elapsed().as_secs_f64(), cpu_seconds());
        let cpu_seconds = cpu_after.zip(cpu_before).map(|(after, before)| after - before);
        let change = allocations.change();
        let allocations = (change.allocations + change.reallocations).try_into()?;
        let calls = u32::try_from(self.calls)?.into();
        Ok(Measurement { calls, seconds, cpu_seconds, allocations })
    }

    async fn repeat(&self, client: &mut impl Calls, calls: u64) -> anyhow::Result<()> {
        let expected = match self.endpoint {
            Endpoint::Version => VERSION.len(),
            Endpoint::Health => SERVERS,
            Endpoint::Insert => KEY.len(),
            Endpoint::Get | Endpoint::Query => Book::numbered(7).pages as usize,
            Endpoint::Rows | Endpoint::BorrowedRows => {
                let pages: u64 = (0..BATCH_ROWS).map(|number| u64::from(Book::numbered(number).pages)).sum();
                let (actual, expected) = (client.rows(calls).await?, pages * calls / u64::from(BATCH_ROWS));
                ensure!(actual == expected, "read {actual}, expected {expected}");
                return Ok(());
            }
            Endpoint::Import => {
                let stored = client.import(calls).await?;
                ensure!(stored == calls, "stored {stored}, expected {calls}");
                return Ok(());
            }
        };
        for _ in 0..calls {
            let actual = client.call().await?;
            ensure!(actual == expected, "read {actual}, expected {expected}");
        }
        Ok(())
    }
}

/// Returns the time of the processor that the only thread has used, with that of the kernel; `None` if not on Linux.
fn cpu_seconds() -> Option<f64> {
    let statistics = fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: u64 = statistics.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds).as_secs_f64())
}
