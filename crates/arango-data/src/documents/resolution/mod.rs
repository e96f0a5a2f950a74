//! Finding out from a stored document whether a write was executed.

mod content;
mod expectation;
mod stored;

#[cfg(test)]
mod tests;

pub(super) use content::{Comparison, Content};
pub(super) use expectation::{Effect, Expectation};
pub(super) use stored::StoredDocument;

use arango_protocol::Conclusion;

/// Replaces the output of a conclusion.
pub(super) fn map<T, U>(conclusion: Conclusion<T>, output: impl FnOnce(T) -> Option<U>) -> Conclusion<U> {
    match conclusion {
        Conclusion::Executed(found) => output(found).map_or(Conclusion::CannotTell, Conclusion::Executed),
        Conclusion::NotExecuted => Conclusion::NotExecuted,
        Conclusion::NotSeen => Conclusion::NotSeen,
        Conclusion::Superseded => Conclusion::Superseded,
        _ => Conclusion::CannotTell,
    }
}
