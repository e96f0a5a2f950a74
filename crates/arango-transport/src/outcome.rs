//! The one fact that retry needs, and that a caller needs when retry gives up.

use std::fmt;

/// What is known of a request that failed.
///
/// Ordered by how much may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Proved: no coordinator ran it. Sending it again is safe.
    NotExecuted,
    /// It may have run, and may be running still: a coordinator finishes what it has begun even
    /// after the connection is closed.
    Unknown,
    /// A coordinator answered for it.
    Executed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotExecuted => "not executed",
            Self::Unknown => "unknown whether executed",
            Self::Executed => "executed",
        })
    }
}
