//! The environment variables that cargo sets for a program that it runs.

/// Returns whether cargo has set a variable for this process, so that it says nothing about a program started by it.
///
/// Build scripts that depend on such a variable, as that of ring does, would otherwise run again in a cargo started by
/// this process, and everything above them would be compiled again.
pub(super) fn is_set_by_cargo(name: &str) -> bool {
    const NAMES: [&str; 5] =
        ["CARGO_CRATE_NAME", "CARGO_BIN_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_EXE_"];

    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_sets_is_kept() {
        for name in
            ["CARGO_TARGET_DIR", "CARGO_HOME", "CARGO_TERM_COLOR", "CARGO_PROFILE_DEV_DEBUG", "PATH", "CARGO"]
        {
            assert!(!is_set_by_cargo(name), "{name}");
        }
    }

    #[test]
    fn what_describes_the_package_that_runs_is_not() {
        for name in
            ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_CRATE_NAME", "OUT_DIR"]
        {
            assert!(is_set_by_cargo(name), "{name}");
        }
    }
}
