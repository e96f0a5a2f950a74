//! The page for users of python-arango.

use std::collections::BTreeSet;

const METHODS: &str = include_str!("../compat/python_arango_methods.txt");
const PAGE: &str = include_str!("../../docs/migrating.md");

/// Returns the headings of the tables that contain the methods of a class.
fn headings(class: &str) -> &'static [&'static str] {
    match class {
        "ArangoClient" => &["Connecting"],
        "Database" => {
            &["`db`", "Databases and collections", "Users", "Documents", "Graphs and search", "Transactions"]
        }
        "Attributes of Database" | "BatchDatabase" | "OverloadControlDatabase" | "AsyncJob" | "BatchJob" => {
            &["`db`"]
        }
        "TransactionDatabase" => &["Transactions"],
        "Collection" => &["Databases and collections", "Documents"],
        "VertexCollection" => &["Graphs and search"],
        "Graph" | "EdgeCollection" => &["Graphs and search", "Edges and traversals"],
        "AQL" | "AQLQueryCache" | "Cursor" => &["AQL"],
        "Cluster" => &["`db.cluster`"],
        _ => &[],
    }
}

/// The identifiers in the code of the tables under a heading of the section about python-arango.
fn identifiers(heading: &str) -> BTreeSet<&'static str> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with("From python-arango")).unwrap();
    let part = section.split("\n### ").find(|part| part.lines().next() == Some(heading));
    let rows = part.unwrap_or_default().lines().filter(|line| line.starts_with('|'));
    // The first column is what python-arango has.
    let cells = rows.map(|row| row.split(" | ").next().unwrap());
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    code.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

#[test]
fn every_listed_method_of_python_arango_is_in_a_table_about_its_class() {
    let mut missing = Vec::new();
    for line in METHODS.lines().filter(|line| !line.starts_with('#')) {
        let (class, methods) = line.split_once(": ").unwrap();
        let identifiers: BTreeSet<_> =
            headings(class).iter().flat_map(|heading| identifiers(heading)).collect();
        missing.extend(
            methods
                .split(' ')
                .filter(|method| !identifiers.contains(method))
                .map(|method| format!("{class}.{method}")),
        );
    }
    assert_eq!(missing, [""; 0]);
}
