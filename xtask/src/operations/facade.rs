//! Finds the methods that execute each operation, in the facade's source code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::operations::operation::Operation;

/// Returns the methods that execute each operation, by the name of the operation type.
///
/// A method executes what its text passes to `execute`: an operation by its type, or an argument, by the type in the
/// signature.
pub(crate) fn methods(files: &[(PathBuf, String)]) -> BTreeMap<String, String> {
    let mut methods: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in files {
        let Some(handle) = handle_type(path) else { continue };
        for method in text.split("pub async fn ").skip(1) {
            let name = leading_identifier(method);
            let Some((signature, body)) = method.split_once("execute(") else { continue };
            let argument = leading_identifier(body);
            let operation = if argument.starts_with(char::is_uppercase) {
                argument
            } else {
                let typed = format!("{argument}: ");
                signature.split_once(&typed).map_or("", |(_, typed)| leading_identifier(typed))
            };
            if operation.is_empty() {
                continue;
            }
            methods.entry(operation.to_owned()).or_default().push(format!("{handle}::{name}"));
        }
    }
    methods.into_iter().map(|(operation, methods)| (operation, methods.join(", "))).collect()
}

/// The handle whose methods a file contains.
fn handle_type(path: &Path) -> Option<&'static str> {
    let mut names = path.iter().map(|name| name.to_str().unwrap_or_default().trim_end_matches(".rs"));
    match (names.next()?, names.next()?) {
        ("handles", "cluster") => Some("Cluster"),
        ("handles", "coordinator") => Some("CoordinatorHandle"),
        ("handles", "database") => Some("Database"),
        _ => None,
    }
}

/// Operations without a method of a handle: only discovery sends them.
const INTERNAL: [&str; 1] = ["GetUserDatabases"];

/// Operations of the crate that the program did not list.
pub(crate) fn not_listed(listed: &[Operation], files: &[(PathBuf, String)]) -> Vec<String> {
    let of_file = |(_, text): &(PathBuf, String)| {
        let operations: Vec<_> =
            text.split("impl Operation for ").skip(1).map(leading_identifier).map(str::to_owned).collect();
        operations
    };
    let operations = files.iter().flat_map(of_file);
    let offered = operations.filter(|operation| !INTERNAL.contains(&operation.as_str()));
    let missing = offered.filter(|operation| listed.iter().all(|one| one.type_name != *operation));
    missing.map(|operation| format!("{operation}: `for_each_operation` does not list it")).collect()
}

/// The identifier at the start of a text.
fn leading_identifier(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn files(name: &str, text: &str) -> Vec<(PathBuf, String)> {
        vec![(PathBuf::from(name), text.to_owned())]
    }

    #[test]
    fn a_method_executes_a_type_or_an_argument() {
        let text = "
            pub async fn health(&self) -> R { self.database.execute(GetHealth).await }
            pub async fn set(&self, count: SetCount<'_>) -> R { self.database.execute(count).await }
            pub async fn id(&self, server: &ServerId) -> R { self.execute(GetIt { server }).await }
            pub async fn none(&self) {}";
        let found = methods(&files("handles/cluster/servers.rs", text));
        let expected =
            [("GetHealth", "Cluster::health"), ("GetIt", "Cluster::id"), ("SetCount", "Cluster::set")];
        let expected = expected.map(|(operation, method)| (operation.to_owned(), method.to_owned()));
        assert_eq!(found, expected.into());
        assert!(methods(&files("builder.rs", text)).is_empty());
    }

    #[test]
    fn an_unlisted_operation_is_reported() {
        let text = "impl Operation for GetIt {} impl<'a> Operation for Odd {} impl Operation for SetIt<'_> {";
        let faults = not_listed(&[sample("SetIt")], &files("it.rs", text));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("GetIt: "));
    }
}
