//! What a server lacks.

use std::fmt;

use arango_protocol::{Metadata, ServerVersion};

use crate::Coordinator;

/// That a coordinator is too old for an operation, or too new. Its version was asked for, not guessed.
///
/// ```text
/// needs ArangoDB 3.11.11 or 3.12.2, but http://one:8529 runs 3.12.1
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The first version that has the operation; `None` if all had it that came before it went.
    pub since: Option<&'static str>,
    /// Versions of earlier lines that were given it later.
    pub backported: &'static [&'static str],
    /// The first version that no longer has it.
    pub gone: Option<&'static str>,
    /// The coordinator that lacks it.
    pub coordinator: Coordinator,
    /// The version of that coordinator.
    pub version: ServerVersion,
}

impl Unsupported {
    /// What `coordinator` lacks because it is of this version; `None` unless that is certain.
    pub fn of(facts: &Metadata, coordinator: &Coordinator, version: ServerVersion) -> Option<Self> {
        facts.is_unsupported_by(&version).then(|| Self {
            since: facts.since,
            backported: facts.backported_to,
            gone: facts.removed_in,
            coordinator: coordinator.clone(),
            version,
        })
    }

    /// Whether it is too new rather than too old.
    fn went(&self) -> bool {
        let gone = self.gone.and_then(|gone| gone.parse::<ServerVersion>().ok());
        gone.is_some_and(|gone| self.version >= gone)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.went() {
            write!(f, "was removed in ArangoDB {}", self.gone.unwrap_or_default())?;
        } else {
            f.write_str("needs ArangoDB ")?;
            for earlier in self.backported {
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
    fn it_says_what_is_needed_and_what_there_is() {
        let facts =
            Metadata::get("t.t", "/t").since("3.12.2").backported_to(&["3.11.11"]).removed_in("4.0.0");
        let one: Coordinator = "http://one:8529".parse().unwrap();
        let text =
            |version: &str| Unsupported::of(&facts, &one, version.parse().unwrap()).map(|it| it.to_string());
        assert_eq!(
            text("3.12.1").unwrap(),
            "needs ArangoDB 3.11.11 or 3.12.2, but http://one:8529 runs 3.12.1"
        );
        assert_eq!(text("4.0.0").unwrap(), "was removed in ArangoDB 4.0.0, but http://one:8529 runs 4.0.0");
        assert_eq!((text("3.12.2"), text("3.11.14"), text("4.0.0-devel")), (None, None, None));
    }
}
