//! Operations that a server version does not support.

use std::fmt;

use arango_protocol::{Metadata, ServerVersion};

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
    /// The coordinator that does not support it.
    pub coordinator: Coordinator,
    /// The version of that coordinator.
    pub version: ServerVersion,
}

impl Unsupported {
    /// Returns an error if this version certainly does not support the operation.
    #[doc(hidden)] // for the crate `arango`
    pub fn of(metadata: &Metadata, coordinator: &Coordinator, version: ServerVersion) -> Option<Self> {
        metadata.is_unsupported_by(&version).then(|| Self {
            since: metadata.since,
            backported_to: metadata.backported_to,
            removed_in: metadata.removed_in,
            coordinator: coordinator.clone(),
            version,
        })
    }

    /// Returns whether the version is too new rather than too old.
    fn is_removed(&self) -> bool {
        let removed_in = self.removed_in.and_then(|version| version.parse::<ServerVersion>().ok());
        removed_in.is_some_and(|removed_in| self.version >= removed_in)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_removed() {
            write!(f, "was removed in ArangoDB {}", self.removed_in.unwrap_or_default())?;
        } else {
            f.write_str("needs ArangoDB ")?;
            for earlier in self.backported_to {
                write!(f, "{earlier} or ")?;
            }
            f.write_str(self.since.unwrap_or_default())?;
        }
        write!(f, ", but {} runs {}", self.coordinator, self.version)
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
