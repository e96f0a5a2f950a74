//! In which direction edges are followed.

/// In which direction edges are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EdgeDirection {
    /// From where they begin to where they end.
    #[default]
    Outbound,
    /// From where they end to where they begin.
    Inbound,
    /// Both.
    Any,
}

impl EdgeDirection {
    /// Returns the word of a query.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Outbound => "OUTBOUND",
            Self::Inbound => "INBOUND",
            Self::Any => "ANY",
        }
    }
}
