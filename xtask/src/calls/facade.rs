//! Which methods execute which operation, read from the code that does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::calls::call::Call;

/// The methods that execute each operation, by the operation.
///
/// A method executes what its text hands to `execute`: an operation by its type, or an argument by the type that the
/// signature gives it.
pub(crate) fn methods(files: &[(PathBuf, String)]) -> BTreeMap<String, String> {
    let mut methods: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in files {
        let Some(handle) = handle(path) else { continue };
        for method in text.split("pub async fn ").skip(1) {
            let name = word(method);
            let Some((signature, body)) = method.split_once("execute(") else { continue };
            let argument = word(body);
            let operation = if argument.starts_with(char::is_uppercase) {
                argument
            } else {
                let typed = format!("{argument}: ");
                signature.split_once(&typed).map_or("", |(_, typed)| word(typed))
            };
            if operation.is_empty() {
                continue;
            }
            methods.entry(operation.to_owned()).or_default().push(format!("{handle}::{name}"));
        }
    }
    methods.into_iter().map(|(operation, methods)| (operation, methods.join(", "))).collect()
}

/// The handle whose methods a file holds.
fn handle(path: &Path) -> Option<&'static str> {
    let first = path.components().next()?.as_os_str().to_str()?;
    match first.trim_end_matches(".rs") {
        "cluster_handle" => Some("Cluster"),
        "coordinator_handle" => Some("CoordinatorHandle"),
        "database" => Some("Database"),
        _ => None,
    }
}

/// Operations that no handle offers: discovery alone sends them.
const INTERNAL: [&str; 1] = ["GetOwnDatabases"];

/// Operations of the crate that the program did not tell of.
pub(crate) fn unshown(calls: &[Call], files: &[(PathBuf, String)]) -> Vec<String> {
    let of_file = |(_, text): &(PathBuf, String)| {
        let operations: Vec<_> =
            text.split("impl Operation for ").skip(1).map(word).map(str::to_owned).collect();
        operations
    };
    let operations = files.iter().flat_map(of_file);
    let offered = operations.filter(|operation| !INTERNAL.contains(&operation.as_str()));
    let unshown = offered.filter(|operation| calls.iter().all(|call| call.operation != *operation));
    unshown.map(|operation| format!("{operation}: `every_operation` does not show it")).collect()
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
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
        let found = methods(&files("cluster_handle/servers.rs", text));
        let expected =
            [("GetHealth", "Cluster::health"), ("GetIt", "Cluster::id"), ("SetCount", "Cluster::set")];
        let expected = expected.map(|(operation, method)| (operation.to_owned(), method.to_owned()));
        assert_eq!(found, expected.into());
        assert!(methods(&files("builder.rs", text)).is_empty());
    }

    #[test]
    fn an_operation_that_is_not_shown_is_a_fault() {
        let text = "impl Operation for GetIt {} impl<'a> Operation for Odd {} impl Operation for SetIt<'_> {";
        let faults = unshown(&[sample("SetIt")], &files("it.rs", text));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("GetIt: "));
    }
}
