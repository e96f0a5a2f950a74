//! The work of one measured program, and its cost.

use std::env;
use std::fs;
use std::time::Instant;

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What is called, and how often.
#[derive(Debug)]
pub struct Task {
    pub url: String,
    pub scenario: Scenario,
    /// The number of calls, of rows, or of documents.
    pub units: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Inserts a document.
    Insert,
    /// Reads a document.
    Get,
    /// Reads the rows of a cursor.
    Rows,
    /// Inserts documents in arrays, with the result of each.
    Bulk,
    /// Imports documents.
    Import,
}

/// The number of rows in a batch, and of documents in a request.
pub const BATCH_ROWS: u32 = 1000;

impl Task {
    /// Reads the arguments: a URL, a scenario, a number of calls or rows.
    pub fn from_arguments() -> anyhow::Result<Self> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let [url, scenario, units] = &arguments[..] else { bail!("expected a URL, a scenario and a number") };
        let scenario = match scenario.as_str() {
            "insert" => Scenario::Insert,
            "get" => Scenario::Get,
            "rows" => Scenario::Rows,
            "bulk" => Scenario::Bulk,
            "import" => Scenario::Import,
            other => bail!("unknown scenario `{other}`"),
        };
        Ok(Self { url: url.clone(), scenario, units: units.parse().context("the number of units")? })
    }

    /// Returns how much is done before the measurement.
    pub fn warm_up(&self) -> u64 {
        match self.scenario {
            Scenario::Insert | Scenario::Get => 200,
            Scenario::Rows | Scenario::Bulk | Scenario::Import => 10 * u64::from(BATCH_ROWS),
        }
    }

    /// Runs the work twice, the first time only to warm up, and prints the cost of the second time as JSON.
    ///
    /// The work returns the sum of what was read, to compare it with that of other programs.
    pub async fn measure(&self, mut work: impl AsyncFnMut(u64) -> anyhow::Result<u64>) -> anyhow::Result<()> {
        work(self.warm_up()).await?;
        let (started_at, cpu_before) = (Instant::now(), cpu_seconds()?);
        let sum = work(self.units).await?;
        let (cpu, seconds) = (cpu_seconds()? - cpu_before, started_at.elapsed().as_secs_f64());
        println!(
            "{}",
            serde_json::json!({ "cpu": cpu, "seconds": seconds, "peakKib": peak_kib(), "sum": sum })
        );
        Ok(())
    }
}

/// Returns the time of the processor that this process has used, with that of the kernel.
fn cpu_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}

/// Returns the most memory that this process has used. Not from `getrusage`, which includes the parent before `exec`.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
