//! Whether every operation of a crate is listed.

use std::path::PathBuf;

use crate::operations::operation::Operation;

/// Operations that are not listed: only discovery sends the first one, and the second one wraps others.
const NOT_LISTED: [&str; 2] = ["GetUserDatabases", "InTransaction"];

/// Returns the operations in the source files that the program did not list.
pub(crate) fn not_listed(listed: &[Operation], files: &[(PathBuf, String)]) -> Vec<String> {
    let operations = files.iter().flat_map(|(_, text)| implemented(text));
    let offered = operations.filter(|operation| !NOT_LISTED.contains(operation));
    let missing = offered.filter(|operation| listed.iter().all(|one| one.type_name != *operation));
    missing.map(|operation| format!("{operation}: `for_each_operation` does not list it")).collect()
}

/// Returns the types for which a file implements the trait `Operation`.
fn implemented(text: &str) -> impl Iterator<Item = &str> {
    let implementations = text.split(" Operation for ").skip(1);
    let names = implementations.map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    // Within a macro the name is a parameter.
    names.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn an_unlisted_operation_is_reported() {
        let text = "impl Operation for GetIt {} impl<T> Operation for Odd<T> {} impl Operation for $name {} impl Operation for SetIt<'_> {";
        let faults = not_listed(&[sample("SetIt")], &[("it.rs".into(), text.to_owned())]);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("GetIt: ") && faults[1].starts_with("Odd: "));
    }
}
