//! What one document does, if only one operation runs at a time.

use stateright::semantics::SequentialSpec;

/// A document: the number that is in it, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document(pub(super) Option<u64>);

/// An operation on a document. No number is written twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Read,
    /// Writes unless there is a document.
    Insert(u64),
    /// Writes if there is a document.
    Replace(u64),
    /// Writes if the document has the number that was read.
    ReplaceIf {
        expected: u64,
        new: u64,
    },
}

/// The result of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    Read(Option<u64>),
    Written,
    /// The document is not as the write requires.
    Refused,
}

impl SequentialSpec for Document {
    type Op = Operation;
    type Ret = Output;

    fn invoke(&mut self, operation: &Operation) -> Output {
        let (is_allowed, number) = match operation {
            Operation::Read => return Output::Read(self.0),
            Operation::Insert(number) => (self.0.is_none(), *number),
            Operation::Replace(number) => (self.0.is_some(), *number),
            Operation::ReplaceIf { expected, new } => (self.0 == Some(*expected), *new),
        };
        if !is_allowed {
            return Output::Refused;
        }
        self.0 = Some(number);
        Output::Written
    }
}
