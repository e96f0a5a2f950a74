//! Counts instructions.
//!
//! Time on a shared machine is noisy; the number of instructions varies by less than a percent between runs.

use std::io;

use anyhow::{Context, bail, ensure};

use crate::client::Task;

/// Two runs that differ only in the number of calls: the cost of the start cancels out.
const FEW: u64 = 500;
const MANY: u64 = 2500;

const VALGRIND: [&str; 3] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// Returns the number of instructions of one call; `None` if valgrind is not installed.
pub(crate) fn instructions(task: &Task) -> anyhow::Result<Option<f64>> {
    let (Some(few), Some(many)) =
        (run(&Task { calls: FEW, ..task.clone() })?, run(&Task { calls: MANY, ..task.clone() })?)
    else {
        return Ok(None);
    };
    Ok(Some((many - few) / f64::from(u32::try_from(MANY - FEW)?)))
}

/// Returns the number of instructions of the whole process.
fn run(task: &Task) -> anyhow::Result<Option<f64>> {
    let output = match task.command(&VALGRIND)?.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => bail!("valgrind: {error}"),
    };
    let report = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {report}");
    let count = report
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .context("valgrind printed no count")?
        .1;
    Ok(Some(count.trim().parse()?))
}
