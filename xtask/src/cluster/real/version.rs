//! Versions of servers, as far as command lines depend on them.

/// A version such as 3.12.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// Reads the first two numbers of a version. `None` if it does not begin with two numbers.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(['.', '-']).map(|number| number.parse().ok());
        Some(Self { major: numbers.next()??, minor: numbers.next()?? })
    }

    /// Whether the server runs JavaScript, and so needs its files and has its options.
    pub(crate) fn has_javascript(self) -> bool {
        self.major < 4
    }
}

/// Finds the version in the output of `arangod --version`.
///
/// It is on the first line and on the line `server-version: …`.
pub(crate) fn in_output(output: &str) -> Option<&str> {
    let named = output.lines().find_map(|line| line.trim().strip_prefix("server-version:"));
    let version = named.or_else(|| output.lines().next())?.trim();
    Version::read(version).map(|_| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_on_its_line_or_the_first_one() {
        assert_eq!(in_output("3.12.5\n\narchitecture: 64bit\nserver-version: 3.12.5\n"), Some("3.12.5"));
        assert_eq!(in_output("4.0.0-devel\n"), Some("4.0.0-devel"));
        assert_eq!(in_output("arangod: not found\n"), None);
        assert_eq!(in_output(""), None);
    }

    #[test]
    fn only_versions_before_4_0_run_javascript() {
        let has_javascript = |version| Version::read(version).unwrap().has_javascript();

        assert!(has_javascript("3.10.14") && has_javascript("3.12"));
        assert!(!has_javascript("4.0.0-nightly"));
    }
}
