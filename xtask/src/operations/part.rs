//! The parts of the API, each with its operations and pages.

use anyhow::{Result, bail};

/// A part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Administration,
    Data,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Administration, Self::Data];

    /// Reads the name that the program prints.
    ///
    /// # Errors
    /// If there is no such part.
    pub(crate) fn read(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|part| part.name() == name) {
            Some(part) => Ok(part),
            None => bail!("unknown part of the API: {name}"),
        }
    }

    /// Returns the name in the output of the program, and beside the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Administration => "administration",
            Self::Data => "data",
        }
    }

    /// Returns the hand-written page on requests and responses of the server.
    pub(crate) fn reference_page(self) -> &'static str {
        match self {
            Self::Administration => "docs/cluster-http-api.md",
            Self::Data => "docs/data-http-api.md",
        }
    }

    /// Returns the sources of the crate with the operations.
    pub(crate) fn sources(self) -> &'static str {
        match self {
            Self::Administration => "crates/arango-cluster/src",
            Self::Data => "crates/arango-data/src",
        }
    }
}
