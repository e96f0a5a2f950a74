//! The page for users of python-arango.

use std::collections::BTreeSet;

const METHODS: &str = include_str!("../compat/python_arango_methods.txt");
const PAGE: &str = include_str!("../../docs/migrating.md");

/// The identifiers in the code of the section about python-arango.
fn identifiers() -> BTreeSet<&'static str> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with("From python-arango"));
    let rows = section.unwrap().lines().filter(|line| line.starts_with('|'));
    // The first column is what python-arango has.
    let cells = rows.map(|row| row.split(" | ").next().unwrap());
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    code.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

#[test]
fn every_method_of_python_arango_is_on_the_page() {
    let identifiers = identifiers();
    let mut missing = Vec::new();
    for line in METHODS.lines().filter(|line| !line.starts_with('#')) {
        let (class, methods) = line.split_once(": ").unwrap();
        missing.extend(
            methods
                .split(' ')
                .filter(|method| !identifiers.contains(method))
                .map(|method| format!("{class}.{method}")),
        );
    }
    assert_eq!(missing, [""; 0]);
}
