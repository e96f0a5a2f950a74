//! What only a streamed body has: an idle timeout, and observers of its end.

use std::task::{Context, Poll};
use std::time::Duration;

use arango_protocol::ErrorKind;
use tokio::time::Instant;

use crate::pool::lazy_timer::LazyTimer;

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

/// The state of a streamed body.
#[derive(Default)]
pub(super) struct Streamed {
    idle: Option<IdleTimeout>,
    observers: Vec<OnEnd>,
}

impl Streamed {
    pub(super) fn set_idle_timeout(&mut self, idle: Duration) {
        self.idle = Some(IdleTimeout { idle, timer: LazyTimer::default(), ends: None });
    }

    pub(super) fn observe(&mut self, observer: OnEnd) {
        self.observers.push(observer);
    }

    /// Records that a part of the body has arrived.
    pub(super) fn record_part(&mut self) {
        if let Some(idle) = &mut self.idle {
            idle.ends = None;
        }
    }

    /// Returns the limit if no part has arrived for so long.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        match &mut self.idle {
            Some(idle) => idle.poll(cx).map(|()| idle.idle),
            None => Poll::Pending,
        }
    }

    /// Passes the end to the observers, unless they have got it already.
    pub(super) fn end(&mut self, end: BodyEnd) {
        for observer in self.observers.drain(..) {
            observer(end);
        }
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.end(BodyEnd::Dropped);
    }
}

/// The idle timeout of a body. All its waits share one timer.
struct IdleTimeout {
    idle: Duration,
    timer: LazyTimer,
    /// When the present wait ends; `None` while the body is not waited for.
    ends: Option<Instant>,
}

impl IdleTimeout {
    /// Returns ready if no data has arrived for too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ends = *self.ends.get_or_insert_with(|| Instant::now() + self.idle);
        self.timer.poll(ends, cx)
    }
}
