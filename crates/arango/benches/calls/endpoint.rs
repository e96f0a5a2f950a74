//! The compared endpoints.

use clap::ValueEnum;

/// The number of rows in a batch, as servers send them by default, and of documents in a request of an import.
pub(crate) const BATCH_ROWS: u32 = 1000;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Endpoint {
    Version,
    Health,
    /// Inserts a document.
    Insert,
    /// Reads a document.
    Get,
    /// Executes a query that has one row.
    Query,
    /// Reads rows of a cursor: as many as there are calls.
    Rows,
    /// Reads the same rows into types that borrow from their batch.
    #[value(name = "rows, borrowed")]
    BorrowedRows,
    /// Imports documents: as many as there are calls.
    Import,
}

impl Endpoint {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Health => "health",
            Self::Insert => "insert",
            Self::Get => "get",
            Self::Query => "query",
            Self::Rows => "rows",
            Self::BorrowedRows => "rows, borrowed",
            Self::Import => "import",
        }
    }

    /// Returns what one unit of the cost is for.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Version | Self::Health | Self::Insert | Self::Get | Self::Query => "call",
            Self::Rows | Self::BorrowedRows => "row",
            Self::Import => "document",
        }
    }

    /// Returns whether the parts of a body are counted, rather than calls.
    pub(crate) fn is_bulk(self) -> bool {
        match self {
            Self::Version | Self::Health | Self::Insert | Self::Get | Self::Query => false,
            Self::Rows | Self::BorrowedRows | Self::Import => true,
        }
    }

    /// Returns a number of calls that take about as long as so many calls of the other endpoints.
    pub(crate) fn calls(self, calls: u32) -> u32 {
        if self.is_bulk() {
            calls.next_multiple_of(BATCH_ROWS / ROWS_PER_CALL) * ROWS_PER_CALL
        } else {
            calls
        }
    }
}

/// The number of rows, or of documents, instead of one call.
const ROWS_PER_CALL: u32 = 10;
