//! The pages that speak of calls.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::calls::call::Call;

const BEGIN: &str = "<!-- the table of `cargo xtask calls --write` begins -->\n";
const END: &str = "<!-- and ends -->";

/// The page with these calls in place of those that it has.
pub(crate) fn with_table(page: &str, calls: &[Call]) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("the page lacks {BEGIN:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the page lacks {END:?}"))?;
    let mut table = String::from(
        "\n| name | call | scope | class | patience | allowed | since | gone | method |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for call in calls {
        writeln!(table, "{}", call.row())?;
    }
    Ok(format!("{before}{BEGIN}{table}\n{END}{after}"))
}

/// Where the page of facts says otherwise than the code, lacks a call, or has one that there is not.
pub(crate) fn contradictions(name: &str, page: &str, calls: &[Call]) -> Vec<String> {
    let mut rows: BTreeMap<String, [String; 5]> = page.lines().filter_map(row).collect();
    let mut faults = Vec::new();
    for call in calls {
        let Some(row) = rows.remove(&call.operation) else {
            faults.push(format!("{}: {name} does not have it", call.operation));
            continue;
        };
        for ((what, code), page) in call.facts().into_iter().zip(row) {
            if code != page {
                faults.push(format!("{}: its {what} is {code:?}, and {page:?} in {name}", call.operation));
            }
        }
    }
    faults.extend(
        rows.into_keys().map(|operation| format!("{operation}: {name} has it, and the code has not")),
    );
    faults
}

/// `| operation | call | envelope | class | scope | allowed | versions |`, of which the envelope is for people alone.
fn row(line: &str) -> Option<(String, [String; 5])> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
    let [operation, call, _envelope, class, scope, allowed, versions] = cells.try_into().ok()?;
    let operation = operation.strip_prefix('`')?.strip_suffix('`')?;
    // What may follow the path is for people, too.
    let (method, path) = call.split_once(" `")?;
    let path = path.split(['?', '[', '`']).next()?;
    let call = format!("{method} `{path}`");
    let facts = [&call, class, scope, allowed, versions].map(str::to_owned);
    Some((operation.to_owned(), facts))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const ROW: &str = "| `SetIt` | PUT `/_admin/it/{server}?x=` | flat | idempotent | cluster | admin | from 3.11.11, 3.12.2, until 4.0 |";

    #[test]
    fn the_page_keeps_everything_but_the_table() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        let written = with_table(&page, &[sample("SetIt")]).unwrap();
        assert!(
            written.starts_with("before\n") && written.ends_with("\nafter\n") && !written.contains("old")
        );
        assert!(written.contains("| `cluster.it` | PUT `/_admin/it/{server}` |"), "{written}");
        assert_eq!(with_table(&written, &[sample("SetIt")]).unwrap(), written);
        assert!(with_table("nothing", &[]).is_err());
    }

    #[test]
    fn a_row_that_agrees_is_no_fault() {
        assert_eq!(contradictions("p", ROW, &[sample("SetIt")]), Vec::<String>::new());
    }

    #[test]
    fn what_differs_is_missing_or_is_too_much_is_told() {
        let bent = ROW.replace("idempotent", "safe");
        let faults = contradictions("p", &bent, &[sample("SetIt")]);
        assert_eq!(faults, [r#"SetIt: its class is "idempotent", and "safe" in p"#]);
        assert_eq!(contradictions("p", "", &[sample("SetIt")]), ["SetIt: p does not have it"]);
        assert_eq!(contradictions("p", ROW, &[]), ["SetIt: p has it, and the code has not"]);
    }
}
