//! One operation, as the program prints it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use crate::operations::part::Part;

/// Metadata of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The part of the API that it belongs to.
    pub(crate) part: Part,
    /// The type, such as `GetHealth`.
    pub(crate) type_name: String,
    /// The name in errors and spans.
    name: String,
    /// The HTTP method; the path has `{…}` for its parameters.
    method: String,
    path: String,
    scope: String,
    class: String,
    server_timeout: String,
    allowed: String,
    since: String,
    removed_in: String,
    /// The methods that execute it, separated by commas.
    pub(crate) methods: String,
}

/// Number of columns, and how many of them are never empty.
const COLUMNS: usize = 11;
const MIN_COLUMNS: usize = 9;

/// Parses the program's output: a header line, and a line per operation.
///
/// # Errors
/// If the output has another format.
pub(crate) fn read(lines: &[String], methods: &BTreeMap<String, String>) -> Result<Vec<Operation>> {
    let (head, lines) = lines.split_first().context("the program printed nothing")?;
    ensure!(
        head.starts_with("part\toperation\tname\tmethod\tpath"),
        "unexpected output of the program: {head}"
    );
    lines
        .iter()
        .map(|line| parse_line(line, methods).with_context(|| format!("not an operation: {line}")))
        .collect()
}

fn parse_line(line: &str, methods: &BTreeMap<String, String>) -> Option<Operation> {
    let mut cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
    if cells.len() >= MIN_COLUMNS {
        // Empty columns at the end of a line are missing: blanks there are trimmed.
        cells.resize(COLUMNS, String::new());
    }
    let [part, operation, name, method, path, scope, class, server_timeout, allowed, since, removed_in] =
        cells.try_into().ok()?;
    let methods = methods.get(&operation).cloned().unwrap_or_default();
    Some(Operation {
        part: Part::read(&part).ok()?,
        type_name: operation,
        name,
        method,
        path,
        scope,
        class,
        server_timeout,
        allowed,
        since,
        removed_in,
        methods,
    })
}

/// Returns the types of the operations in the program's output.
pub(crate) fn type_names(lines: &[String]) -> BTreeSet<String> {
    lines.iter().skip(1).filter_map(|line| line.split('\t').nth(1)).map(str::to_owned).collect()
}

/// Reports operations that no method of the facade executes.
pub(crate) fn without_method(operations: &[Operation]) -> Vec<String> {
    let without = operations.iter().filter(|operation| operation.methods.is_empty());
    without.map(|operation| format!("{}: no method of the facade executes it", operation.type_name)).collect()
}

impl Operation {
    pub(crate) const HEADER: [&'static str; 9] =
        ["NAME", "REQUEST", "SCOPE", "CLASS", "SERVER TIMEOUT", "ALLOWED", "SINCE", "REMOVED IN", "METHOD"];

    /// The cells for a table of all operations.
    pub(crate) fn cells(&self) -> [String; 9] {
        [
            self.name.clone(),
            format!("{} {}", self.method, self.path),
            self.scope.replace('`', ""),
            self.class.clone(),
            self.server_timeout.clone(),
            self.allowed.clone(),
            self.since.clone(),
            self.removed_in.clone(),
            self.methods.clone(),
        ]
    }

    /// The operation as a row of a Markdown table.
    pub(crate) fn markdown_row(&self) -> String {
        let Self { name, method, path, scope, class, server_timeout, allowed, since, removed_in, .. } = self;
        let methods: Vec<_> = self.methods.split(", ").map(|name| format!("`{name}`")).collect();
        let methods = methods.join(", ");
        format!(
            "| `{name}` | {method} `{path}` | {scope} | {class} | {server_timeout} | {allowed} | {since} | {removed_in} \
             | {methods} |"
        )
    }

    /// The values that the reference page must have for it.
    pub(crate) fn documented_metadata(&self) -> [(&'static str, String); 5] {
        let mut versions = Vec::new();
        if !self.since.is_empty() {
            versions.push(format!("from {}", self.since));
        }
        if !self.removed_in.is_empty() {
            versions
                .push(format!("until {}", self.removed_in.strip_suffix(".0").unwrap_or(&self.removed_in)));
        }
        let versions = if versions.is_empty() { "all".to_owned() } else { versions.join(", ") };
        [
            ("request", format!("{} `{}`", self.method, self.path)),
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
    fn an_operation_is_parsed_and_rendered() {
        let operation = sample("SetIt");
        assert_eq!(operation.cells()[1], "PUT /_admin/it/{server}");
        assert!(
            operation.markdown_row().ends_with("| 75 s | admin | 3.11.11, 3.12.2 | 4.0.0 | `Cluster::it` |"),
            "{}",
            operation.markdown_row()
        );
        assert_eq!(operation.documented_metadata()[4].1, "from 3.11.11, 3.12.2, until 4.0");
    }

    #[test]
    fn unexpected_output_is_rejected() {
        assert!(read(&[], &BTreeMap::new()).is_err());
        assert!(read(&["warning: x".to_owned()], &BTreeMap::new()).is_err());
        assert!(read(&[super::super::HEAD.to_owned(), "a\tb".to_owned()], &BTreeMap::new()).is_err());
    }

    #[test]
    fn an_operation_without_a_method_is_reported() {
        let operation = Operation { methods: String::new(), ..sample("SetIt") };
        assert_eq!(without_method(&[operation, sample("GetIt")]).len(), 1);
    }
}
