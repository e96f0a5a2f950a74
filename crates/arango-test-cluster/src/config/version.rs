//! The version that the cluster simulates, and what depends on it.

use std::str::FromStr;

use crate::config::start_error::StartError;

/// A version of ArangoDB that can be simulated: 3.10, 3.11, 3.12 or 4.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
    /// What follows the patch: `3.12.5-3`.
    hotfix: u32,
    text: String,
}

impl Version {
    /// Returns whether this is `major.minor.patch` or later.
    pub(crate) fn at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        (self.major, self.minor, self.patch) >= (major, minor, patch)
    }

    /// Returns the version as one number, with two digits for each part after the first: 31205.
    pub(crate) fn number(&self) -> u32 {
        self.major * 10_000 + self.minor * 100 + self.patch
    }

    pub(crate) fn is_4(&self) -> bool {
        self.major >= 4
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether a new deployment begins with a licence, for an evaluation. From 3.12.5 on it has none, and may
    /// keep up to 100 GiB.
    pub(crate) fn has_evaluation_license(&self) -> bool {
        !self.at_least(3, 12, 5)
    }

    /// Returns whether there is the sort migration of compound values: 3.11.11, 3.12.2.
    pub(crate) fn has_sort_migration(&self) -> bool {
        self.at_least(3, 12, 2) || (self.minor == 11 && self.at_least(3, 11, 11) && !self.is_4())
    }

    /// Returns whether there is `uniqId`: 3.12.5-3.
    pub(crate) fn has_unique_ids(&self) -> bool {
        self.at_least(3, 12, 6) || (self.at_least(3, 12, 5) && self.hotfix >= 3)
    }

    /// Returns whether there is the agency diagnosis. It came late in 3.12; the patch is unknown and this is a guess.
    pub(crate) fn has_diagnosis(&self) -> bool {
        self.at_least(3, 12, 5)
    }

    /// Returns whether the job of a resignation keeps `undoMoves`. It came late in 3.12; the patch is unknown and this
    /// is a guess.
    pub(crate) fn keeps_undo_of_resignations(&self) -> bool {
        self.at_least(3, 12, 5)
    }

    /// Returns whether there is `/_admin/usage-metrics`: 3.10.13, 3.11.7, 3.12.0.
    pub(crate) fn has_usage_metrics(&self) -> bool {
        let in_line = |minor, patch| self.minor == minor && self.at_least(3, minor, patch);
        self.at_least(3, 12, 0) || in_line(10, 13) || in_line(11, 7)
    }

    /// Returns whether the progress of index builds is reported: 3.10.13, 3.11.7, 3.12.0.
    pub(crate) fn reports_index_progress(&self) -> bool {
        self.has_usage_metrics()
    }

    /// Returns whether there are access tokens: 3.12.5.
    pub(crate) fn has_access_tokens(&self) -> bool {
        self.at_least(3, 12, 5)
    }

    /// Returns how many bytes a stream transaction may write by default: 128 MiB, or 512 MiB from 3.12.4 on.
    pub(crate) fn max_transaction_size(&self) -> usize {
        if self.at_least(3, 12, 4) { 512 << 20 } else { 128 << 20 }
    }

    /// Returns whether a commit of an unknown transaction leaves a record that it was aborted: 3.12.
    pub(crate) fn records_unknown_transactions(&self) -> bool {
        self.at_least(3, 12, 0)
    }

    /// Returns whether responses can be compressed: 3.12.
    pub(crate) fn compresses_responses(&self) -> bool {
        self.at_least(3, 12, 0)
    }

    /// Returns whether paths may begin with `/_arango/v1`: late 3.12 and 4.0.
    pub(crate) fn has_api_versions(&self) -> bool {
        self.at_least(3, 12, 10)
    }
}

impl Version {
    /// Parses the version of a cluster or of one of its servers.
    ///
    /// # Errors
    /// If the version cannot be simulated.
    pub(crate) fn read(text: &str) -> Result<Self, StartError> {
        text.parse().map_err(|_| StartError::UnknownVersion { version: text.to_owned() })
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    /// Parses `major.minor` or `major.minor.patch`. A missing or `x` patch means the default patch of that line.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        let unknown_version = || UnknownVersion;
        let mut parts = text.splitn(3, '.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let (major, minor) = (number().ok_or_else(unknown_version)?, number().ok_or_else(unknown_version)?);
        let usual_patch = match (major, minor) {
            (3, 10) => 14,
            (3, 11) => 14,
            (3, 12) => 5,
            (4, _) => 0,
            _ => return Err(unknown_version()),
        };
        match parts.next() {
            None | Some("x") => {
                let text = format!("{major}.{minor}.{usual_patch}");
                Ok(Self { major, minor, patch: usual_patch, hotfix: 0, text })
            }
            Some(rest) => {
                let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                let patch = digits.parse().map_err(|_| unknown_version())?;
                // A suffix such as that of a release candidate is no number and counts as zero.
                let hotfix = rest.get(digits.len() + 1..).and_then(|hotfix| hotfix.parse().ok()).unwrap_or(0);
                Ok(Self { major, minor, patch, hotfix, text: text.to_owned() })
            }
        }
    }
}

/// The version does not exist or is not simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownVersion;

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_without_a_patch_gets_the_default_patch() {
        assert_eq!(version("3.12").text(), "3.12.5");
        assert_eq!(version("3.10.x").text(), "3.10.14");
        assert_eq!(version("4.0").text(), "4.0.0");
    }

    #[test]
    fn a_suffix_of_the_patch_is_kept_but_not_compared() {
        let hotfix = version("3.12.7-2");

        assert_eq!(hotfix.text(), "3.12.7-2");
        assert!(hotfix.at_least(3, 12, 7) && !hotfix.at_least(3, 12, 8));
    }

    #[test]
    fn a_hotfix_can_add_an_endpoint() {
        assert!(!version("3.12.5").has_unique_ids() && !version("3.12.5-2").has_unique_ids());
        assert!(version("3.12.5-3").has_unique_ids() && version("3.12.6").has_unique_ids());
        assert!(!version("3.12.4-7").has_unique_ids() && version("4.0.0-devel").has_unique_ids());
    }

    #[test]
    fn unreleased_versions_are_rejected() {
        for text in ["", "3", "3.9", "2.8.1", "x.y", "3.12.beta"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn sort_migration_came_with_a_patch_of_each_line() {
        assert!(!version("3.11.10").has_sort_migration() && version("3.11.11").has_sort_migration());
        assert!(!version("3.12.1").has_sort_migration() && version("3.12.2").has_sort_migration());
    }
}
