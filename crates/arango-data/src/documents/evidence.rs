//! How it was found out that a write was executed.

use std::fmt;

/// How it was found out that a write was executed.
///
/// Its response was lost, or it was refused because of an earlier copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// A document with the key is there.
    ///
    /// No other write uses a key that was generated for this one, and `ignore` asks for nothing else.
    Key,
    /// The document has the operation id of the write.
    OperationId,
    /// The document has the content that was written.
    ///
    /// Another write with the same content cannot be told from this one.
    Content,
    /// The document is not there.
    ///
    /// Another removal cannot be told from this one.
    Absence,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the response was lost; a document with the key is there",
            Self::OperationId => "the response was lost; the document has the operation id of the write",
            Self::Content => "the response was lost; the document has the content that was written",
            Self::Absence => "the response was lost; the document is not there",
        })
    }
}
