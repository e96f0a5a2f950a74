//! A client process: calls the server so many times, one call after the other, and tells what that took.

use std::alloc::System;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::answers::{Question, SERVERS, VERSION};
use crate::facade::Facade;
use crate::raw::Raw;
use crate::way::Way;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls before any measuring: the connection is opened, buffers have grown.
const WARM_UP: u64 = 200;

/// Who calls.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Caller {
    Facade,
    Raw,
}

/// What one client process does.
#[derive(Debug, Clone, Args)]
pub(crate) struct Task {
    #[arg(value_enum)]
    pub(crate) caller: Caller,
    #[arg(value_enum)]
    pub(crate) question: Question,
    #[arg(value_enum)]
    pub(crate) way: Way,
    pub(crate) address: SocketAddr,
    pub(crate) calls: u64,
    /// Who has signed the server's certificate, in PEM.
    #[arg(long)]
    pub(crate) authority: Option<String>,
}

/// What its calls took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) seconds: f64,
    pub(crate) allocations: u32,
}

impl Task {
    /// This process once more, to do the task; through `wrapper` if that is to watch it.
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
        };
        command.args(["call", caller, self.question.name(), self.way.name()]);
        command.args([self.address.to_string(), self.calls.to_string()]);
        command.args(self.authority.iter().map(|authority| format!("--authority={authority}")));
        Ok(command)
    }

    /// Has the task done by a process of its own.
    pub(crate) fn measure(&self) -> anyhow::Result<Taken> {
        let output = self.command(&[])?.output().context("a client process")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "a client process failed: {errors}");
        serde_json::from_slice(&output.stdout).context("what a client process told")
    }

    /// Does the task and prints what it took.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let question = self.question;
        let taken = match self.caller {
            Caller::Facade => {
                let facade = Facade::new(&self)?;
                self.repeat(async || facade.call(question).await).await?
            }
            Caller::Raw => {
                let mut raw = Raw::connect(&self).await?;
                self.repeat(async || raw.call().await).await?
            }
        };
        anstream::println!("{}", serde_json::to_string(&taken)?);
        Ok(())
    }

    async fn repeat(&self, mut call: impl AsyncFnMut() -> anyhow::Result<usize>) -> anyhow::Result<Taken> {
        let expected = match self.question {
            Question::Version => VERSION.len(),
            Question::Health => SERVERS,
        };
        for _ in 0..WARM_UP {
            let found = call().await?;
            ensure!(found == expected, "{found} was read, {expected} was sent");
        }
        let allocations = Region::new(ALLOCATOR);
        let began = Instant::now();
        for _ in 0..self.calls {
            call().await?;
        }
        let seconds = began.elapsed().as_secs_f64();
        let change = allocations.change();
        let allocations = (change.allocations + change.reallocations).try_into()?;
        Ok(Taken { seconds, allocations })
    }
}
