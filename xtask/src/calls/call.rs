//! One call, as the program tells of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// What is known of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The type that says it, such as `GetHealth`.
    pub(crate) operation: String,
    /// What errors and spans call it.
    name: String,
    /// `GET` and the path, with `{…}` for what is filled in.
    method: String,
    path: String,
    scope: String,
    class: String,
    patience: String,
    allowed: String,
    since: String,
    gone: String,
    /// The methods that execute it.
    pub(crate) methods: String,
}

/// How many things are told of a call, and how many are told of every call.
const COLUMNS: usize = 10;
const NEEDED: usize = 8;

/// Reads what the program has printed: a line of names, and a line for each call.
///
/// # Errors
/// If that is not what it has printed.
pub(crate) fn read(lines: &[String], methods: &BTreeMap<String, String>) -> Result<Vec<Call>> {
    let (head, lines) = lines.split_first().context("the program told nothing")?;
    ensure!(head.starts_with("operation\tname\tmethod\tpath"), "the program told something else: {head}");
    lines.iter().map(|line| call(line, methods).with_context(|| format!("not a call: {line}"))).collect()
}

fn call(line: &str, methods: &BTreeMap<String, String>) -> Option<Call> {
    let mut cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
    if cells.len() >= NEEDED {
        // What is heard of a program has no blanks at the end of its lines.
        cells.resize(COLUMNS, String::new());
    }
    let [operation, name, method, path, scope, class, patience, allowed, since, gone] =
        cells.try_into().ok()?;
    let methods = methods.get(&operation).cloned().unwrap_or_default();
    Some(Call { operation, name, method, path, scope, class, patience, allowed, since, gone, methods })
}

/// Calls that no method of the facade executes.
pub(crate) fn without_method(calls: &[Call]) -> Vec<String> {
    let without = calls.iter().filter(|call| call.methods.is_empty());
    without.map(|call| format!("{}: no method of the facade executes it", call.operation)).collect()
}

impl Call {
    pub(crate) const HEADER: [&'static str; 9] =
        ["NAME", "CALL", "SCOPE", "CLASS", "PATIENCE", "ALLOWED", "SINCE", "GONE", "METHOD"];

    /// What stands in a table of all calls.
    pub(crate) fn cells(&self) -> [String; 9] {
        [
            self.name.clone(),
            format!("{} {}", self.method, self.path),
            self.scope.replace('`', ""),
            self.class.clone(),
            self.patience.clone(),
            self.allowed.clone(),
            self.since.clone(),
            self.gone.clone(),
            self.methods.clone(),
        ]
    }

    /// The same as a row of a page.
    pub(crate) fn row(&self) -> String {
        let Self { name, method, path, scope, class, patience, allowed, since, gone, .. } = self;
        let methods: Vec<_> = self.methods.split(", ").map(|name| format!("`{name}`")).collect();
        let methods = methods.join(", ");
        format!(
            "| `{name}` | {method} `{path}` | {scope} | {class} | {patience} | {allowed} | {since} | {gone} | {methods} |"
        )
    }

    /// What the page of facts must say of it.
    pub(crate) fn facts(&self) -> [(&'static str, String); 5] {
        let mut versions = Vec::new();
        if !self.since.is_empty() {
            versions.push(format!("from {}", self.since));
        }
        if !self.gone.is_empty() {
            versions.push(format!("until {}", self.gone.strip_suffix(".0").unwrap_or(&self.gone)));
        }
        let versions = if versions.is_empty() { "all".to_owned() } else { versions.join(", ") };
        [
            ("call", format!("{} `{}`", self.method, self.path)),
            ("class", self.class.clone()),
            ("scope", self.scope.clone()),
            ("allowed", self.allowed.clone()),
            ("versions", versions),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_call_is_read_and_told_in_each_form() {
        let call = sample("SetIt");
        assert_eq!(call.cells()[1], "PUT /_admin/it/{server}");
        assert!(
            call.row().ends_with("| 75 s | admin | 3.11.11, 3.12.2 | 4.0.0 | `Cluster::it` |"),
            "{}",
            call.row()
        );
        assert_eq!(call.facts()[4].1, "from 3.11.11, 3.12.2, until 4.0");
    }

    #[test]
    fn what_the_program_does_not_print_is_refused() {
        assert!(read(&[], &BTreeMap::new()).is_err());
        assert!(read(&["warning: x".to_owned()], &BTreeMap::new()).is_err());
        assert!(read(&[super::super::HEAD.to_owned(), "a\tb".to_owned()], &BTreeMap::new()).is_err());
    }

    #[test]
    fn a_call_without_a_method_is_a_fault() {
        let call = Call { methods: String::new(), ..sample("SetIt") };
        assert_eq!(without_method(&[call, sample("GetIt")]).len(), 1);
    }
}
