//! What came of a removal.

use arango_protocol::{Conclusion, ErrorObject};

/// What came of removing something: an index, a view, an analyzer, a graph, or a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropStatus {
    /// It was removed.
    Dropped,
    /// It was not there.
    NotFound,
}

impl DropStatus {
    /// Concludes from what a read has found whether a removal was executed whose response was lost.
    pub(crate) fn conclude<T>(answer: &Result<Option<T>, &ErrorObject>) -> Conclusion<Self> {
        match answer {
            Ok(None) => Conclusion::Executed(Self::Dropped),
            Ok(Some(_)) => Conclusion::NotSeen,
            Err(_) => Conclusion::CannotTell,
        }
    }
}
