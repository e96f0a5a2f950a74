//! The cost of a call, compared with the minimum that a program can write by hand.

mod measurement;
mod page;
mod record;

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::cli::Bench;
use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

use self::measurement::Measurement;
use self::record::Record;

/// Feature sets to build the benchmark with, separately: the HTTP/2 comparison makes the other measurements dearer.
const BUILDS: [&[&str]; 2] = [&[], &["--features", "http2"]];

/// Measures only what the load of the machine does not change.
const COUNTS: [&str; 2] = ["--", "--counts"];

/// Runs the benchmark, and prints its measurements beside their limits.
///
/// A missed limit does not fail the task: people decide what to do about it. A call that costs more than recorded fails
/// `--check`, and so does one that is recorded and was not measured.
///
/// # Errors
/// If the benchmark cannot be run, prints no measurements, or the page or the record cannot be read or written; with
/// `--check` or `--write` also without valgrind.
pub(crate) async fn bench(command: &Bench) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    if command.check {
        let record = Record::read()?;
        let run = match Run::of(&[&COUNTS], &mut interruptions).await? {
            Ok(run) => run,
            Err(exit) => return Ok(exit),
        };
        run.print();
        ensure!(run.skipped.is_empty(), "without the instruction counts nothing is checked");
        return Ok(record.check(&run.measurements));
    }
    let run = match Run::of(&BUILDS, &mut interruptions).await? {
        Ok(run) => run,
        Err(exit) => return Ok(exit),
    };
    run.print();
    if command.write {
        ensure!(run.skipped.is_empty(), "the page is not written without the instruction counts");
        page::write(&run.measurements)?;
        Record::of(&run.measurements)?.write()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the benchmark printed.
struct Run {
    measurements: Vec<Measurement>,
    /// Why some are missing.
    skipped: Vec<String>,
}

impl Run {
    /// Runs the benchmark once with each of these arguments. `Err` is the exit code of one that failed.
    async fn of(builds: &[&[&str]], interruptions: &mut Interruptions) -> Result<Result<Self, ExitCode>> {
        let mut run = Self { measurements: Vec::new(), skipped: Vec::new() };
        for arguments in builds {
            let exit = cargo_bench()
                .arguments(*arguments)
                .run_with_lines(interruptions, |line| match Measurement::read(&line) {
                    Some(measurement) => run.measurements.push(measurement),
                    None if line.contains("skipped:") && !run.skipped.contains(&line) => {
                        run.skipped.push(line);
                    }
                    None => {}
                })
                .await?;
            if !exit.is_success() {
                return Ok(Err(exit.exit_code()));
            }
        }
        ensure!(!run.measurements.is_empty(), "the benchmark printed no measurements");
        Ok(Ok(run))
    }

    fn print(&self) {
        let rows = self.measurements.iter().map(Measurement::cells).collect();
        for line in lines(["", "FACADE", "RAW", "RATIO", "LIMIT"], rows) {
            anstream::println!("{line}");
        }
        for line in &self.skipped {
            anstream::println!("{line}");
        }
    }
}

fn cargo_bench() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["bench", "--manifest-path"])
        .arguments([manifest])
        .arguments(["--package", "arango", "--bench", "calls"])
}
