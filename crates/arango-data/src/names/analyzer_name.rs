//! Names of analyzers, which may have the name of a database as a prefix.

/// Returns whether two names are those of one analyzer.
///
/// That of the own database may be named with its prefix, or without; `::` is the prefix of `_system`.
pub(crate) fn is_same_analyzer(one: &str, other: &str) -> bool {
    match (split(one), split(other)) {
        ((Some(one), name), (Some(other), other_name)) => one == other && name == other_name,
        ((_, name), (_, other_name)) => name == other_name,
    }
}

/// Returns the database and the name of an analyzer.
fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once("::") {
        Some(("", name)) => (Some("_system"), name),
        Some((database, name)) => (Some(database), name),
        None => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_analyzer;

    #[test]
    fn a_name_is_compared_with_the_prefix_of_its_database_and_without() {
        for (one, other) in [
            ("words", "words"),
            ("words", "library::words"),
            ("library::words", "library::words"),
            ("::words", "_system::words"),
            ("words", "::words"),
        ] {
            assert!(is_same_analyzer(one, other) && is_same_analyzer(other, one), "{one} {other}");
        }
        for (one, other) in
            [("words", "names"), ("shop::words", "library::words"), ("::words", "shop::words")]
        {
            assert!(!is_same_analyzer(one, other) && !is_same_analyzer(other, one), "{one} {other}");
        }
    }
}
