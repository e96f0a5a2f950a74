//! Whether a failed request was executed.

use std::fmt;

/// What is known about the execution of a failed request.
///
/// Ordered from not executed to executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is proved that no coordinator executed the request.
    ///
    /// A retry is safe.
    NotExecuted,
    /// The request may have been executed, or may still be running.
    ///
    /// A coordinator completes a request
    /// even after the connection is closed.
    Unknown,
    /// A coordinator has responded to the request.
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
