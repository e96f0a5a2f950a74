//! Which version a server runs, as far as it decides what can be asked of it.

use std::fmt;
use std::str::FromStr;

/// The version of a server: `3.12.7`, `3.12.5-3`, `4.0.0-devel`, `3.10.0-rc.1`.
///
/// Ordered by its numbers. What stands behind them is a number of its own if it begins with one, and otherwise makes
/// the version [unfinished](Self::is_unfinished); of that text up to 23 characters are shown.
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

/// What stands behind the numbers of an unfinished version, to be shown: `devel`, `rc.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Suffix {
    text: [u8; Suffix::MOST],
    length: u8,
}

impl Suffix {
    /// The most that is kept: a version is copied, and real ones have no more.
    const MOST: usize = 23;
    const NONE: Self = Self { text: [0; Self::MOST], length: 0 };

    fn of(text: &str) -> Self {
        let mut suffix = Self::NONE;
        // No line break or escape sequence of a server ends up in a log by this.
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
    /// Whether it is a build on the way to its version, of which nobody knows what it has already.
    pub fn is_prerelease(&self) -> bool {
        self.is_prerelease
    }

    /// Whether it is certain that this server is older than `version`.
    fn is_before(&self, version: &Self) -> bool {
        self.numbers < version.numbers
    }

    /// Whether both are of one line, such as 3.12.
    fn is_same_release_line(&self, other: &Self) -> bool {
        (self.numbers.0, self.numbers.1) == (other.numbers.0, other.numbers.1)
    }

    /// Whether it is certain that a server of this version lacks what came with `since`, was brought to earlier lines
    /// with `backported`, and went with `gone`.
    pub(crate) fn is_unsupported(
        &self,
        since: Option<&str>,
        backported: &[&str],
        gone: Option<&str>,
    ) -> bool {
        let parsed = |text: &str| text.parse().ok();
        let came = since.and_then(parsed).is_none_or(|since| !self.is_before(&since));
        let came_early = || {
            let mut lines = backported.iter().copied().filter_map(parsed);
            lines.any(|since| self.is_same_release_line(&since) && !self.is_before(&since))
        };
        // A build on the way to the version that drops it may have it still.
        let may_have =
            |gone: &Self| self.is_before(gone) || (self.is_prerelease && self.numbers == gone.numbers);
        let went = gone.and_then(parsed).is_some_and(|gone| !may_have(&gone));
        !(came || came_early()) || went
    }
}

/// A text that is no version of a server.
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
    fn an_unfinished_version_is_shown_as_the_server_says_it() {
        for text in ["3.12.5-rc.1", "4.0.0-devel", "3.12.0-NIGHTLY.20231002", "3.12.0-beta.2", "3.12.5-"] {
            assert_eq!(version(text).to_string(), text);
        }
        let long = version(&format!("3.12.5-{}", "x".repeat(40)));
        assert_eq!(long.to_string(), format!("3.12.5-{}", "x".repeat(23)));
        assert_eq!(version("3.12.5-rc\n\u{1b}[31m").to_string(), "3.12.5-rc");
        assert_ne!(version("3.12.5-rc.1"), version("3.12.5-rc.2"));
    }

    #[test]
    fn what_came_late_is_lacking_before_and_in_lines_that_never_got_it() {
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
    fn what_went_is_lacking_from_then_on_but_a_build_on_the_way_may_have_it() {
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
    fn a_build_on_the_way_to_a_version_is_given_the_benefit_of_the_doubt() {
        assert!(!version("3.12.5-rc.1").is_unsupported(Some("3.12.5"), &[], None));
        assert!(version("3.12.4-devel").is_unsupported(Some("3.12.5"), &[], None));
    }
}
