//! What is known of every call, from the code, and whether the documentation says the same.

mod call;
mod facade;
mod page;
mod sources;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use owo_colors::OwoColorize as _;

use crate::cli::Calls;
use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;
use call::Call;

/// The program that knows the calls, as cargo names it.
const PROGRAM: [&str; 4] = ["--package", "arango-cluster", "--example", "calls"];

/// Where the table is kept.
const TABLE: &str = "docs/calls.md";
/// Where people have written down what a server says and takes.
const FACTS: &str = "docs/cluster-http-api.md";

/// Prints a table of the calls; with `write` also into the page, and with `check` compares both pages with it.
///
/// # Errors
/// If the program cannot be run, or a page cannot be read or written. Differences are no error: they make the exit code.
pub(crate) async fn calls(command: &Calls) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut told = Vec::new();
    let program = cargo_run();
    let ending = program.hear(&mut interruptions, |line| told.push(line)).await?;
    if !ending.is_success() {
        return Ok(ending.exit_code());
    }
    let root = workspace::root();
    let methods = facade::methods(&sources::read(&root.join("crates/arango/src"))?);
    let calls = call::read(&told, &methods)?;
    if !command.check {
        for line in lines(Call::HEADER, calls.iter().map(Call::cells).collect()) {
            anstream::println!("{line}");
        }
    }
    let page =
        |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    if command.write {
        let text = page::with_table(&page(TABLE)?, &calls)?;
        fs::write(root.join(TABLE), text).with_context(|| format!("cannot write {TABLE}"))?;
        anstream::println!("written to {TABLE}");
    }
    if !command.check {
        return Ok(ExitCode::SUCCESS);
    }
    let mut faults = call::without_method(&calls);
    faults.extend(facade::unshown(&calls, &sources::read(&root.join("crates/arango-cluster/src"))?));
    let table = page(TABLE)?;
    if page::with_table(&table, &calls)? != table {
        faults.push(format!("{TABLE} is not what the code says: `cargo xtask calls --write` writes it anew"));
    }
    faults.extend(page::contradictions(FACTS, &page(FACTS)?, &calls));
    for fault in &faults {
        anstream::println!("{fault}");
    }
    if faults.is_empty() {
        anstream::println!(
            "{}",
            format_args!("{} calls: the code and the documentation agree", calls.len()).green()
        );
        return Ok(ExitCode::SUCCESS);
    }
    anstream::println!("{}", format_args!("{} calls: {} faults", calls.len(), faults.len()).red());
    Ok(ExitCode::FAILURE)
}

fn cargo_run() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["run", "--quiet", "--manifest-path"])
        .arguments([manifest])
        .arguments(PROGRAM)
}

#[cfg(test)]
fn sample(operation: &str) -> Call {
    let line = format!(
        "{operation}\tcluster.it\tPUT\t/_admin/it/{{server}}\tcluster\tidempotent\t75 s\tadmin\t3.11.11, 3.12.2\t4.0.0"
    );
    let methods = [(operation.to_owned(), "Cluster::it".to_owned())].into();
    call::read(&[HEAD.to_owned(), line], &methods).unwrap().remove(0)
}

#[cfg(test)]
const HEAD: &str = "operation\tname\tmethod\tpath\tscope\tclass\tpatience\tallowed\tsince\tgone";
