//! The pages with tables of operations.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::operations::operation::Operation;
use crate::operations::part::Part;

const END: &str = "<!-- and ends -->";

/// Replaces the tables of the page, one for each part of the API.
pub(crate) fn with_tables(page: &str, operations: &[Operation]) -> Result<String> {
    let mut page = page.to_owned();
    for part in Part::ALL {
        page = with_table(&page, part, operations.iter().filter(|operation| operation.part == part))?;
    }
    Ok(page)
}

fn with_table<'a>(page: &str, part: Part, operations: impl Iterator<Item = &'a Operation>) -> Result<String> {
    let begin = format!("<!-- the table of `cargo xtask operations --write` begins: {} -->\n", part.name());
    let (before, rest) = page.split_once(&begin).with_context(|| format!("the page lacks {begin:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the page lacks {END:?}"))?;
    let mut table = String::from(
        "\n| name | request | scope | class | server timeout | allowed | since | removed in | method |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for operation in operations {
        writeln!(table, "{}", operation.markdown_row())?;
    }
    Ok(format!("{before}{begin}{table}\n{END}{after}"))
}

/// Reports where the reference page differs from the code, lacks an operation, or has an unknown one.
pub(crate) fn mismatches(name: &str, page: &str, operations: &[&Operation]) -> Vec<String> {
    let mut rows: BTreeMap<String, [String; 5]> = page.lines().filter_map(parse_row).collect();
    let mut faults = Vec::new();
    for operation in operations {
        let Some(row) = rows.remove(&operation.type_name) else {
            faults.push(format!("{}: missing in {name}", operation.type_name));
            continue;
        };
        for ((field, code), page) in operation.documented_metadata().into_iter().zip(row) {
            if code != page {
                faults.push(format!(
                    "{}: its {field} is {code:?}, and {page:?} in {name}",
                    operation.type_name
                ));
            }
        }
    }
    faults.extend(rows.into_keys().map(|operation| format!("{operation}: in {name}, but not in the code")));
    faults
}

/// Parses `| operation | request | envelope | class | scope | allowed | versions |`; the envelope is not compared.
fn parse_row(line: &str) -> Option<(String, [String; 5])> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
    let [operation, request, _envelope, class, scope, allowed, versions] = cells.try_into().ok()?;
    let operation = operation.strip_prefix('`')?.strip_suffix('`')?;
    // Query parameters after the path are not compared.
    let (method, path) = request.split_once(" `")?;
    let path = path.split(['?', '[', '`']).next()?;
    let request = format!("{method} `{path}`");
    let metadata = [&request, class, scope, allowed, versions].map(str::to_owned);
    Some((operation.to_owned(), metadata))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const ROW: &str = "| `SetIt` | PUT `/_admin/it/{server}?x=` | flat | idempotent | cluster | admin | from 3.11.11, 3.12.2, until 4.0 |";

    #[test]
    fn the_page_keeps_everything_but_the_table() {
        let begin = |part: Part| {
            let table = "<!-- the table of `cargo xtask operations --write` begins: ";
            format!("{table}{} -->\nold\n{END}\n", part.name())
        };
        let page = format!("before\n{}{}after\n", begin(Part::Administration), begin(Part::Data));
        let written = with_tables(&page, &[sample("SetIt")]).unwrap();
        assert!(
            written.starts_with("before\n") && written.ends_with("\nafter\n") && !written.contains("old")
        );
        assert!(written.contains("| `cluster.it` | PUT `/_admin/it/{server}` |"), "{written}");
        assert_eq!(with_tables(&written, &[sample("SetIt")]).unwrap(), written);
        assert!(with_tables("nothing", &[]).is_err());
    }

    #[test]
    fn a_matching_row_is_accepted() {
        assert_eq!(mismatches("p", ROW, &[&sample("SetIt")]), Vec::<String>::new());
    }

    #[test]
    fn differing_missing_and_extra_rows_are_reported() {
        let changed = ROW.replace("idempotent", "safe");
        let faults = mismatches("p", &changed, &[&sample("SetIt")]);
        assert_eq!(faults, [r#"SetIt: its class is "idempotent", and "safe" in p"#]);
        assert_eq!(mismatches("p", "", &[&sample("SetIt")]), ["SetIt: missing in p"]);
        assert_eq!(mismatches("p", ROW, &[]), ["SetIt: in p, but not in the code"]);
    }
}
