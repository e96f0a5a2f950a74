//! Lists every operation from the code, and checks that the documentation agrees.

mod facade;
mod operation;
mod page;
mod sources;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use owo_colors::OwoColorize as _;

use crate::cli::Operations;
use crate::columns::lines;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;
use operation::Operation;

/// The program that prints the operations, as cargo arguments.
const PROGRAM: [&str; 4] = ["--package", "arango-cluster", "--example", "operations"];

/// The page with the generated table.
const TABLE_PAGE: &str = "docs/operations.md";
/// The hand-written page on requests and responses of the server.
const REFERENCE_PAGE: &str = "docs/cluster-http-api.md";

/// Prints a table of the operations; with `write` also into the page, and with `check` compares both pages with it.
///
/// # Errors
/// If the program cannot be run, or a page cannot be read or written. Differences are not errors: they set the exit
/// code.
pub(crate) async fn operations(command: &Operations) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut output = Vec::new();
    let program = cargo_run();
    let exit = program.run_with_lines(&mut interruptions, |line| output.push(line)).await?;
    if !exit.is_success() {
        return Ok(exit.exit_code());
    }
    let root = workspace::root();
    let methods = facade::methods(&sources::read(&root.join("crates/arango/src"))?);
    let operations = operation::read(&output, &methods)?;
    if !command.check {
        for line in lines(Operation::HEADER, operations.iter().map(Operation::cells).collect()) {
            anstream::println!("{line}");
        }
    }
    let page =
        |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    if command.write {
        let text = page::with_table(&page(TABLE_PAGE)?, &operations)?;
        fs::write(root.join(TABLE_PAGE), text).with_context(|| format!("cannot write {TABLE_PAGE}"))?;
        anstream::println!("written to {TABLE_PAGE}");
    }
    if !command.check {
        return Ok(ExitCode::SUCCESS);
    }
    let mut faults = operation::without_method(&operations);
    faults.extend(facade::not_listed(&operations, &sources::read(&root.join("crates/arango-cluster/src"))?));
    let table = page(TABLE_PAGE)?;
    if page::with_table(&table, &operations)? != table {
        faults.push(format!("{TABLE_PAGE} differs from the code: run `cargo xtask operations --write`"));
    }
    faults.extend(page::mismatches(REFERENCE_PAGE, &page(REFERENCE_PAGE)?, &operations));
    for fault in &faults {
        anstream::println!("{fault}");
    }
    if faults.is_empty() {
        anstream::println!(
            "{}",
            format_args!("{} operations: the code and the documentation agree", operations.len()).green()
        );
        return Ok(ExitCode::SUCCESS);
    }
    anstream::println!("{}", format_args!("{} operations: {} faults", operations.len(), faults.len()).red());
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
fn sample(operation: &str) -> Operation {
    let line = format!(
        "{operation}\tcluster.it\tPUT\t/_admin/it/{{server}}\tcluster\tidempotent\t75 s\tadmin\t3.11.11, 3.12.2\t4.0.0"
    );
    let methods = [(operation.to_owned(), "Cluster::it".to_owned())].into();
    operation::read(&[HEAD.to_owned(), line], &methods).unwrap().remove(0)
}

#[cfg(test)]
const HEAD: &str = "operation\tname\tmethod\tpath\tscope\tclass\tserver timeout\tallowed\tsince\tremoved in";
