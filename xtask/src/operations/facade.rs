//! Finds the methods that execute each operation, in the facade's source code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files whose methods are listed: those of the handles.
const HANDLES: [&str; 5] =
    ["handles/cluster/", "handles/coordinator/", "handles/database.rs", "data/", "client/data.rs"];

/// Operations that no method names, and what executes them.
const WITHOUT_METHOD: [(&str, &str); 5] = [
    ("CloseCursor", "Cursor"),
    ("ReadEachDocument", "the writes of several documents"),
    ("CommitTransaction", "Transaction::commit"),
    ("AbortTransaction", "Transaction::abort"),
    // It finds out about a commit whose response was lost.
    ("GetTransaction", "Transaction::commit"),
];

/// Returns the methods that execute each of the operations, separated by commas.
///
/// A public method with `&self` executes the operations that its text names. Any other function stands for its type: for
/// a builder or a cursor, which execute when they are awaited or read.
pub(crate) fn methods(
    files: &[(PathBuf, String)],
    operations: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, Found>::new();
    for (path, text) in files {
        if !HANDLES.iter().any(|handle| in_folder(path, handle)) {
            continue;
        }
        for function in functions(text) {
            for operation in words(&function.text).filter(|word| operations.contains(*word)) {
                let found = found.entry(operation.to_owned()).or_default();
                let named = if function.is_method() { &mut found.methods } else { &mut found.types };
                let name = function.display_name();
                if !named.contains(&name) {
                    named.push(name);
                }
            }
        }
    }
    let mut methods: BTreeMap<_, _> = found
        .into_iter()
        .map(|(operation, found)| {
            (operation, if found.methods.is_empty() { found.types } else { found.methods }.join(", "))
        })
        .collect();
    methods.extend(WITHOUT_METHOD.map(|(operation, by)| (operation.to_owned(), by.to_owned())));
    methods
}

/// Where an operation is named.
#[derive(Default)]
struct Found {
    /// The methods that name it.
    methods: Vec<String>,
    /// The types with other functions that name it.
    types: Vec<String>,
}

/// A function of a type.
struct Function<'a> {
    type_name: &'a str,
    name: &'a str,
    is_public: bool,
    /// Its signature and body, without comments.
    text: String,
}

impl Function<'_> {
    fn is_method(&self) -> bool {
        let signature = self.text.split('{').next().unwrap_or_default();
        self.is_public && signature.contains("&self")
    }

    fn display_name(&self) -> String {
        if self.is_method() {
            format!("{}::{}", self.type_name, self.name)
        } else {
            self.type_name.to_owned()
        }
    }
}

/// Returns the functions in the `impl` blocks of a file, as rustfmt lays them out.
fn functions(text: &str) -> Vec<Function<'_>> {
    let mut functions: Vec<Function<'_>> = Vec::new();
    let mut type_name = None;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        if line.starts_with("impl") {
            type_name = Some(implementing_type(line));
        } else if line.starts_with('}') {
            type_name = None;
        }
        let Some(type_name) = type_name else { continue };
        let member = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' '));
        if let Some((before, after)) = member.and_then(|member| member.split_once("fn "))
            && before
                .split_whitespace()
                .all(|word| ["pub", "async"].contains(&word) || word.starts_with("pub("))
        {
            let is_public = before.split_whitespace().any(|word| word == "pub");
            functions.push(Function { type_name, name: first_word(after), is_public, text: String::new() });
        }
        if let Some(function) = functions.last_mut().filter(|function| function.type_name == type_name) {
            function.text.push_str(line);
            function.text.push('\n');
        }
    }
    functions
}

/// Returns the type of `impl<T> Trait for Type<T> {`.
fn implementing_type(line: &str) -> &str {
    let rest = line.split_once(" for ").map_or_else(
        || {
            let rest = &line["impl".len()..];
            // Skips the parameters of the block.
            if rest.starts_with('<') { rest.split_once("> ").map_or(rest, |(_, rest)| rest) } else { rest }
        },
        |(_, rest)| rest,
    );
    first_word(rest.trim_start())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

fn first_word(text: &str) -> &str {
    words(text).next().unwrap_or_default()
}

/// Returns whether a path begins with a folder or is a file.
fn in_folder(path: &Path, handle: &str) -> bool {
    if handle.ends_with('/') {
        path.starts_with(handle.trim_end_matches('/'))
    } else {
        path == Path::new(handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
/// Executes GetOdd, but only says so.
impl Cluster {
    pub async fn health(&self) -> R {
        self.database.execute(GetHealth).await // GetOdd
    }

    pub async fn set(&self, count: SetCount<'_>) -> R {
        self.database.execute(count).await
    }

    pub fn option(self) -> R {
        self.map(GetHealth::option)
    }

    async fn hidden(&self) -> R {
        self.execute(GetHealth).await
    }
}

impl<T: Decode> IntoFuture for Query<T> {
    fn into_future(self) -> Self::IntoFuture {
        self.execute(CreateIt::<T>::new())
    }
}

fn free() {
    GetOdd
}
";

    #[test]
    fn a_method_executes_what_it_names_and_a_private_function_stands_for_its_type() {
        let operations = ["GetHealth", "SetCount", "CreateIt", "GetOdd"].map(str::to_owned).into();
        let found = methods(&[("handles/cluster/servers.rs".into(), TEXT.to_owned())], &operations);
        let mut expected: Vec<_> = WITHOUT_METHOD.to_vec();
        expected.extend([
            ("CreateIt", "Query"),
            ("GetHealth", "Cluster::health"),
            ("SetCount", "Cluster::set"),
        ]);
        let expected =
            expected.into_iter().map(|(operation, method)| (operation.to_owned(), method.to_owned()));

        assert_eq!(found, expected.collect::<BTreeMap<_, _>>());
    }

    #[test]
    fn only_the_files_of_handles_count() {
        let operations = ["GetHealth".to_owned()].into();
        let found = methods(&[("long_running/restart.rs".into(), TEXT.to_owned())], &operations);
        assert!(!found.contains_key("GetHealth"));
    }
}
