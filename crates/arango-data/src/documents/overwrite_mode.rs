//! What an insert does if a document with its key exists.

/// What an insert does if a document with its key exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverwriteMode {
    /// Fails with 409 and error 1210.
    #[default]
    Conflict,
    /// Keeps the existing document and succeeds.
    Ignore,
    /// Replaces the existing document.
    Replace,
    /// Updates the existing document with the attributes of the new one.
    Update,
}

impl OverwriteMode {
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Ignore => "ignore",
            Self::Replace => "replace",
            Self::Update => "update",
        }
    }
}
