//! Operations that a server version does not support.

use std::fmt;

use arango_protocol::{Metadata, Requirement, ServerVersion};

use crate::types::coordinator::Coordinator;

/// An operation that a coordinator does not support because of its version.
///
/// The version was requested from the coordinator, not guessed.
///
/// ```text
/// needs ArangoDB 3.11.11 or 3.12.2, but http://one:8529 runs 3.12.1
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The first version that supports the operation.
    ///
    /// `None` if all versions before its removal do.
    pub since: Option<&'static str>,
    /// The versions of earlier release lines to which it was backported.
    pub backported_to: &'static [&'static str],
    /// The first version that no longer supports it.
    pub removed_in: Option<&'static str>,
    /// The option that is not supported; `None` if it is the whole operation.
    pub option: Option<&'static str>,
    /// The coordinator that does not support it.
    pub coordinator: Coordinator,
    /// The version of that coordinator.
    ///
    /// `None` if it could not be read, and an option must not be ignored.
    pub version: Option<ServerVersion>,
}

impl Unsupported {
    /// Returns an error if this version certainly does not support the operation.
    #[doc(hidden)] // for the crate `arango`
    pub fn of(metadata: &Metadata, coordinator: &Coordinator, version: ServerVersion) -> Option<Self> {
        metadata.is_unsupported_by(&version).then(|| Self {
            since: metadata.since,
            backported_to: metadata.backported_to,
            removed_in: metadata.removed_in,
            option: None,
            coordinator: coordinator.clone(),
            version: Some(version),
        })
    }

    /// Returns the error of a request with an option that a coordinator ignores, or may ignore.
    #[doc(hidden)] // for the crate `arango`
    pub fn of_option(
        requirement: &Requirement,
        coordinator: &Coordinator,
        version: Option<ServerVersion>,
    ) -> Self {
        Self {
            since: Some(requirement.since),
            backported_to: &[],
            removed_in: None,
            option: Some(requirement.option),
            coordinator: coordinator.clone(),
            version,
        }
    }

    /// Returns whether the version is too new rather than too old.
    fn is_removed(&self) -> bool {
        let removed_in = self.removed_in.and_then(|version| version.parse::<ServerVersion>().ok());
        removed_in.is_some_and(|removed_in| self.version >= Some(removed_in))
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(option) = self.option {
            write!(f, "`{option}` ")?;
        }
        if self.is_removed() {
            write!(f, "was removed in ArangoDB {}", self.removed_in.unwrap_or_default())?;
        } else {
            f.write_str("needs ArangoDB ")?;
            for earlier in self.backported_to {
                write!(f, "{earlier} or ")?;
            }
            f.write_str(self.since.unwrap_or_default())?;
        }
        match self.version {
            Some(version) => write!(f, ", but {} runs {version}", self.coordinator),
            None => write!(f, ", and the version of {} is unknown", self.coordinator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_required_and_the_actual_version_are_displayed() {
        let metadata =
            Metadata::get("t.t", "/t").since("3.12.2").backported_to(&["3.11.11"]).removed_in("4.0.0");
        let one: Coordinator = "http://one:8529".parse().unwrap();
        let text = |version: &str| {
            Unsupported::of(&metadata, &one, version.parse().unwrap()).map(|it| it.to_string())
        };
        assert_eq!(
            text("3.12.1").unwrap(),
            "needs ArangoDB 3.11.11 or 3.12.2, but http://one:8529 runs 3.12.1"
        );
        assert_eq!(text("4.0.0").unwrap(), "was removed in ArangoDB 4.0.0, but http://one:8529 runs 4.0.0");
        assert_eq!((text("3.12.2"), text("3.11.14"), text("4.0.0-devel")), (None, None, None));
    }
}
