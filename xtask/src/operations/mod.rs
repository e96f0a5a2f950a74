//! Lists every operation from the code, and checks that the documentation agrees.

mod facade;
mod listed;
mod operation;
mod page;
mod part;
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
use part::Part;

/// The program that prints the operations, as cargo arguments.
const PROGRAM: [&str; 4] = ["--package", "arango", "--example", "operations"];

/// The page with the generated tables.
const TABLE_PAGE: &str = "docs/operations.md";

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
    let names = operation::type_names(&output);
    let methods = facade::methods(&sources::read(&root.join("crates/arango/src"))?, &names);
    let operations = operation::read(&output, &methods)?;
    if !command.check {
        for line in lines(Operation::HEADER, operations.iter().map(Operation::cells).collect()) {
            anstream::println!("{line}");
        }
    }
    let page =
        |name: &str| fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"));
    if command.write {
        let text = page::with_tables(&page(TABLE_PAGE)?, &operations)?;
        fs::write(root.join(TABLE_PAGE), text).with_context(|| format!("cannot write {TABLE_PAGE}"))?;
        anstream::println!("written to {TABLE_PAGE}");
    }
    if !command.check {
        return Ok(ExitCode::SUCCESS);
    }
    let mut faults = operation::without_method(&operations);
    for part in Part::ALL {
        faults.extend(listed::not_listed(&operations, &sources::read(&root.join(part.sources()))?));
        let of_part: Vec<_> = operations.iter().filter(|operation| operation.part == part).collect();
        faults.extend(page::mismatches(part.reference_page(), &page(part.reference_page())?, &of_part));
    }
    let table = page(TABLE_PAGE)?;
    if page::with_tables(&table, &operations)? != table {
        faults.push(format!("{TABLE_PAGE} differs from the code: run `cargo xtask operations --write`"));
    }
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
        "administration\t{operation}\tcluster.it\tPUT\t/_admin/it/{{server}}\tcluster\tidempotent\t75 s\tadmin\t3.11.11, 3.12.2\t4.0.0"
    );
    let methods = [(operation.to_owned(), "Cluster::it".to_owned())].into();
    operation::read(&[HEAD.to_owned(), line], &methods).unwrap().remove(0)
}

#[cfg(test)]
const HEAD: &str =
    "part\toperation\tname\tmethod\tpath\tscope\tclass\tserver timeout\tallowed\tsince\tremoved in";
