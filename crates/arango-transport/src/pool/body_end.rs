//! How a streamed body ended, and observers of that.

use arango_protocol::ErrorKind;

/// How a streamed body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// All of it was returned.
    Complete,
    /// It ended with an error.
    Failed {
        kind: ErrorKind,
        /// Whether another stream of the same connection has already reported its loss.
        already_reported: bool,
    },
    /// It was dropped before its end.
    Dropped,
}

impl BodyEnd {
    /// Returns the end of a body that failed alone.
    pub(crate) fn failed(kind: ErrorKind) -> Self {
        Self::Failed { kind, already_reported: false }
    }
}

/// Gets the end of a streamed body, once.
pub(crate) type OnEnd = Box<dyn FnOnce(BodyEnd) + Send>;

/// The observers of the end of a streamed body.
#[derive(Default)]
pub(super) struct EndObservers(Vec<OnEnd>);

impl EndObservers {
    pub(super) fn add(&mut self, observer: OnEnd) {
        self.0.push(observer);
    }

    /// Passes the end to the observers, unless they have got it already.
    pub(super) fn end(&mut self, end: BodyEnd) {
        for observer in self.0.drain(..) {
            observer(end);
        }
    }
}

impl Drop for EndObservers {
    fn drop(&mut self) {
        self.end(BodyEnd::Dropped);
    }
}
