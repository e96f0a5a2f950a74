//! Counts instructions, and the bytes on the heap.
//!
//! Time on a shared machine is noisy; the number of instructions varies by less than a percent between runs.

use std::io;

use anyhow::{Context, bail, ensure};

use crate::client::Task;

/// Two runs that differ only in the number of calls: the cost of the start cancels out.
pub(crate) const FEW: u32 = 500;
pub(crate) const MANY: u32 = 2500;

const CALLGRIND: [&str; 3] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
const DHAT: [&str; 3] = ["valgrind", "--tool=dhat", "--dhat-out-file=/dev/null"];

/// Returns the number of instructions of one call; `None` if valgrind is not installed.
pub(crate) fn instructions(task: &Task) -> anyhow::Result<Option<f64>> {
    let calls = [FEW, MANY].map(|calls| task.endpoint.calls(calls));
    let [few, many] = calls.map(|calls| run(&CALLGRIND, &Task { calls: calls.into(), ..task.clone() }));
    let (Some(few), Some(many)) = (few?, many?) else { return Ok(None) };
    let count = |report: &str| number(report, "Collected : ");
    Ok(Some((count(&many)? - count(&few)?) / f64::from(calls[1] - calls[0])))
}

/// Returns the most KiB that were on the heap at once during so many calls; `None` if valgrind is not installed.
pub(crate) fn peak_kib(task: &Task, calls: u32) -> anyhow::Result<Option<f64>> {
    let task = Task { calls: task.endpoint.calls(calls).into(), ..task.clone() };
    let report = run(&DHAT, &task)?;
    report.map(|report| Ok(number(&report, "At t-gmax: ")? / 1024.0)).transpose()
}

/// Returns the report about the whole process.
fn run(tool: &[&str], task: &Task) -> anyhow::Result<Option<String>> {
    let output = match task.command(tool)?.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => bail!("valgrind: {error}"),
    };
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "valgrind failed: {report}");
    Ok(Some(report))
}

/// Returns the number behind a label.
fn number(report: &str, label: &str) -> anyhow::Result<f64> {
    let rest = report.split_once(label).with_context(|| format!("valgrind printed no `{label}`"))?.1;
    let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    Ok(digits.replace(',', "").parse()?)
}
