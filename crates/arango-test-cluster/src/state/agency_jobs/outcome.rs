//! The outcome of a job, as a test sets it.

/// The outcome of an agency job once it is pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobOutcome {
    /// It does its work and finishes. It fails only if the work is impossible.
    #[default]
    Finish,
    /// It takes its time, changes nothing, and fails.
    Fail {
        /// The reason that the job reports.
        reason: String,
    },
    /// It stays pending until it is cancelled or gets another outcome.
    Hang,
}

impl JobOutcome {
    /// Returns a failure with this reason.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail { reason: reason.into() }
    }
}
