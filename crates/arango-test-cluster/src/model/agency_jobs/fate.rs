//! What becomes of a job, as a test decides it.

/// What becomes of a job of the agency once it is pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobFate {
    /// It does its work and finishes; it fails only if the work cannot be done.
    #[default]
    Finish,
    /// It takes its time, changes nothing, and fails.
    Fail {
        /// What the job says of it.
        reason: String,
    },
    /// It stays pending until it is cancelled, or until another fate is decided for it.
    Hang,
}

impl JobFate {
    /// A failure with this reason.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail { reason: reason.into() }
    }
}
