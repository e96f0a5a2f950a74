//! Server versions.

use std::fmt;
use std::str::FromStr;

/// A server version: `3.12.7`, `3.12.5-3`, `4.0.0-devel`, `3.10.0-rc.1`.
///
/// Ordered by its numbers. A suffix that begins with a number is a fourth number. Any other suffix makes the version
/// a [pre-release](Self::is_prerelease); up to 23 characters of it are displayed.
///
/// ```
/// use arango_protocol::ServerVersion;
///
/// let version: ServerVersion = "3.12.7-2".parse().unwrap();
/// assert!(version > "3.12.5-3".parse().unwrap());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    numbers: (u32, u32, u32, u32),
    is_prerelease: bool,
    suffix: Suffix,
}

/// The suffix of a pre-release version, for display: `devel`, `rc.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Suffix {
    text: [u8; Suffix::MAX_LENGTH],
    length: u8,
}

impl Suffix {
    /// The most characters that are kept: a version is `Copy`, and real suffixes are not longer.
    const MAX_LENGTH: usize = 23;
    const NONE: Self = Self { text: [0; Self::MAX_LENGTH], length: 0 };

    fn of(text: &str) -> Self {
        let mut suffix = Self::NONE;
        // Keeps line breaks and escape sequences of a server out of logs.
        let kept = text.bytes().take_while(u8::is_ascii_graphic);
        for (place, byte) in suffix.text.iter_mut().zip(kept) {
            *place = byte;
            suffix.length += 1;
        }
        suffix
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.length)]).expect("it is ASCII")
    }
}

impl ServerVersion {
    /// Returns whether it is a pre-release.
    ///
    /// It is unknown what a pre-release already supports.
    pub fn is_prerelease(&self) -> bool {
        self.is_prerelease
    }

    /// Returns whether this server is certainly older than `version`.
    fn is_before(&self, version: &Self) -> bool {
        self.numbers < version.numbers
    }

    /// Returns whether both belong to one release line, such as 3.12.
    fn is_same_release_line(&self, other: &Self) -> bool {
        (self.numbers.0, self.numbers.1) == (other.numbers.0, other.numbers.1)
    }

    /// Returns whether a server of this version certainly lacks an operation.
    ///
    /// The operation was added in `since`, backported to earlier release lines in `backported`, and removed in
    /// `removed`.
    pub(crate) fn is_unsupported(
        &self,
        since: Option<&str>,
        backported_to: &[&str],
        removed: Option<&str>,
    ) -> bool {
        let parse = |text: &str| text.parse().ok();
        let is_added = since.and_then(parse).is_none_or(|since| !self.is_before(&since));
        let is_backported = || {
            let mut lines = backported_to.iter().copied().filter_map(parse);
            lines.any(|since| self.is_same_release_line(&since) && !self.is_before(&since))
        };
        // A pre-release of the version that removes it may still have it.
        let may_support = |removed: &Self| {
            self.is_before(removed) || (self.is_prerelease && self.numbers == removed.numbers)
        };
        let is_removed = removed.and_then(parse).is_some_and(|removed| !may_support(&removed));
        !(is_added || is_backported()) || is_removed
    }
}

/// A text that is not a server version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version begins with three numbers, such as 3.12.5")]
pub struct InvalidVersion;

impl FromStr for ServerVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let (numbers, rest) =
            text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
        let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().map_err(|_| InvalidVersion));
        let mut next = || numbers.next().ok_or(InvalidVersion)?;
        let (major, minor, patch) = (next()?, next()?, next()?);
        if numbers.next().is_some() {
            return Err(InvalidVersion);
        }
        let fix = rest.map_or(Some(0), |rest| rest.split(['.', '-']).next()?.parse().ok());
        let suffix = rest.filter(|_| fix.is_none()).map_or(Suffix::NONE, Suffix::of);
        Ok(Self { numbers: (major, minor, patch, fix.unwrap_or(0)), is_prerelease: fix.is_none(), suffix })
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch, fix) = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        match (fix, self.is_prerelease) {
            (_, true) => write!(f, "-{}", self.suffix.as_str()),
            (0, _) => Ok(()),
            (fix, _) => write!(f, "-{fix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ServerVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let ordered = ["3.10.0", "3.11.14", "3.12.4", "3.12.5", "3.12.5-3", "3.12.5-10", "3.12.10", "4.0.0"];
        assert!(ordered.map(version).is_sorted());
        for text in ordered {
            assert_eq!(version(text).to_string(), text);
        }
        for text in ["", "3", "3.12", "3.12.x", "3.12.5.1", "v3.12.5", "-1.2.3"] {
            assert_eq!(text.parse::<ServerVersion>(), Err(InvalidVersion), "{text}");
        }
        assert!(version("4.0.0-devel").is_prerelease() && version("3.10.0-rc.1").is_prerelease());
        assert!(!version("3.12.7-2").is_prerelease());
    }

    #[test]
    fn a_prerelease_is_displayed_as_the_server_writes_it() {
        for text in ["3.12.5-rc.1", "4.0.0-devel", "3.12.0-NIGHTLY.20231002", "3.12.0-beta.2", "3.12.5-"] {
            assert_eq!(version(text).to_string(), text);
        }
        let long = version(&format!("3.12.5-{}", "x".repeat(40)));
        assert_eq!(long.to_string(), format!("3.12.5-{}", "x".repeat(23)));
        assert_eq!(version("3.12.5-rc\n\u{1b}[31m").to_string(), "3.12.5-rc");
        assert_ne!(version("3.12.5-rc.1"), version("3.12.5-rc.2"));
    }

    #[test]
    fn an_added_operation_is_unsupported_before_and_in_lines_without_a_backport() {
        let lacks = |text: &str| version(text).is_unsupported(Some("3.12.2"), &["3.11.11"], None);
        for (text, expected) in [
            ("3.10.14", true),
            ("3.11.10", true),
            ("3.11.11", false),
            ("3.12.0", true),
            ("3.12.1", true),
            ("3.12.2", false),
            ("3.13.0", false),
            ("4.0.0", false),
            ("4.0.0-devel", false),
        ] {
            assert_eq!(lacks(text), expected, "{text}");
        }
        assert!(version("3.12.5").is_unsupported(Some("3.12.5-3"), &[], None));
        assert!(!version("3.12.5-3").is_unsupported(Some("3.12.5-3"), &[], None));
        assert!(!version("3.10.0").is_unsupported(None, &[], None));
    }

    #[test]
    fn a_removed_operation_is_unsupported_except_in_a_prerelease() {
        let lacks = |text: &str| version(text).is_unsupported(None, &[], Some("4.0.0"));
        for (text, expected) in [
            ("3.12.10", false),
            ("4.0.0-devel", false),
            ("4.0.0", true),
            ("4.0.1", true),
            ("4.1.0-devel", true),
        ] {
            assert_eq!(lacks(text), expected, "{text}");
        }
    }

    #[test]
    fn a_prerelease_of_the_adding_version_is_assumed_to_support_it() {
        assert!(!version("3.12.5-rc.1").is_unsupported(Some("3.12.5"), &[], None));
        assert!(version("3.12.4-devel").is_unsupported(Some("3.12.5"), &[], None));
    }
}
