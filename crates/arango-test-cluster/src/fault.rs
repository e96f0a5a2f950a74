//! Faults: what one coordinator does wrong, to which requests, and how often.
//!
//! A fault says three things: *what* goes wrong ([`Fault::close`], [`Fault::answer`], [`Fault::latency`], …), *for which*
//! requests ([`on`](Fault::on)) and *how often* ([`times`](Fault::times)). It begins with
//! [`Coordinator::inject`](crate::Coordinator::inject) and ends when the returned [`FaultGuard`] is dropped.
//!
//! When several faults of a coordinator match a request, their latencies add up and the first other effect wins.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::matching::Match;

/// How far a request gets before its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Closed as if the coordinator never looked at the bytes: not executed, and the journal does not show it.
    BeforeRead,
    /// Read and written to the journal, but not executed.
    AfterRead,
    /// Executed, and no byte of an answer is sent.
    AfterExecution,
    /// Executed; the answer ends within its head.
    InHead,
    /// Executed; the whole head and half of the body are sent. An answer without a body ends within its head.
    InBody,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// An orderly end of the stream.
    Fin,
    /// A reset. Through the in-memory door, which knows no resets, this is an end of the stream as well.
    Rst,
}

/// One thing that goes wrong.
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing before it is injected"]
pub struct Fault {
    pub(crate) effect: Effect,
    on: Match,
    times: Option<usize>,
}

impl Fault {
    /// Closes the connection of a matching request in `phase`, with a FIN unless [`how`](Self::how) says otherwise.
    pub fn close(phase: Phase) -> Self {
        Self::new(Effect::Close { phase, how: Close::Fin })
    }

    /// Answers with an error object of ArangoDB instead of executing the request.
    pub fn answer(status: u16, error_num: u32, message: impl Into<String>) -> Self {
        Self::new(Effect::Answer(Scripted {
            status,
            body: ScriptedBody::ErrorObject { error_num, message: message.into() },
            headers: Vec::new(),
            when: When::BeforeExecution,
        }))
    }

    /// Answers with these very bytes and none of ArangoDB's own headers, as a proxy in between would.
    ///
    /// The request is not executed, unless [`after_execution`](Self::after_execution) is called.
    pub fn answer_raw(status: u16, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Effect::Answer(Scripted {
            status,
            body: ScriptedBody::Raw { content_type: content_type.into(), body: body.into() },
            headers: Vec::new(),
            when: When::BeforeExecution,
        }))
    }

    /// Waits before a matching request is executed.
    pub fn latency(delay: Duration) -> Self {
        Self::new(Effect::Latency(delay))
    }

    /// Executes a matching request and never answers it; the connection stays open.
    pub fn hang() -> Self {
        Self::new(Effect::Hang)
    }

    /// Executes a matching request, answers with bytes that are not HTTP, and closes.
    pub fn garbage() -> Self {
        Self::new(Effect::Garbage)
    }

    /// Restricts the fault to requests that match. Default: [`Match::any`].
    pub fn on(mut self, requests: Match) -> Self {
        self.on = requests;
        self
    }

    /// Ends the fault after it has struck `times` times. Default: it strikes as long as its guard lives.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Says how the connection is closed; means something for [`Fault::close`] only.
    pub fn how(mut self, close: Close) -> Self {
        if let Effect::Close { how, .. } = &mut self.effect {
            *how = close;
        }
        self
    }

    /// Executes the request before the scripted answer is sent; means something for the two `answer` faults only.
    pub fn after_execution(mut self) -> Self {
        if let Effect::Answer(scripted) = &mut self.effect {
            scripted.when = When::AfterExecution;
        }
        self
    }

    /// Adds a header to the scripted answer; means something for the two `answer` faults only.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Effect::Answer(scripted) = &mut self.effect {
            scripted.headers.push((name.into(), value.into()));
        }
        self
    }

    fn new(effect: Effect) -> Self {
        Self { effect, on: Match::any(), times: None }
    }
}

/// What a fault does to a request.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Close { phase: Phase, how: Close },
    Answer(Scripted),
    Latency(Duration),
    Hang,
    Garbage,
}

/// An answer that no handler wrote.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) body: ScriptedBody,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) when: When,
}

#[derive(Debug, Clone)]
pub(crate) enum ScriptedBody {
    ErrorObject { error_num: u32, message: String },
    Raw { content_type: String, body: Bytes },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    BeforeExecution,
    AfterExecution,
}

/// Ends a fault when it is dropped.
#[must_use = "the fault ends when its guard is dropped"]
pub struct FaultGuard {
    faults: Faults,
    id: u64,
    hits: Arc<AtomicUsize>,
}

impl FaultGuard {
    /// How many requests the fault has struck so far.
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::Acquire)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.faults.remove(self.id);
    }
}

impl fmt::Debug for FaultGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultGuard").field("id", &self.id).field("hits", &self.hits()).finish_non_exhaustive()
    }
}

/// The faults of one coordinator that are in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    inner: Arc<Mutex<InForce>>,
}

#[derive(Debug, Default)]
struct InForce {
    last_id: u64,
    faults: Vec<Active>,
}

#[derive(Debug)]
struct Active {
    id: u64,
    fault: Fault,
    left: Option<usize>,
    hits: Arc<AtomicUsize>,
}

/// What the faults in force make of one request.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    pub(crate) fn inject(&self, fault: Fault) -> FaultGuard {
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = inner.last_id;
        let hits = Arc::new(AtomicUsize::new(0));
        let left = fault.times;
        inner.faults.push(Active { id, fault, left, hits: Arc::clone(&hits) });
        drop(inner);
        FaultGuard { faults: self.clone(), id, hits }
    }

    /// Uses up one turn of each fault that strikes this request.
    pub(crate) fn strike(&self, method: &http::Method, path: &str) -> Struck {
        let mut struck = Struck::default();
        let mut inner = self.lock();
        for active in &mut inner.faults {
            if active.left == Some(0) || !active.fault.on.matches(method, path) {
                continue;
            }
            match &active.fault.effect {
                Effect::Latency(delay) => struck.latency += *delay,
                _ if struck.effect.is_some() => continue,
                effect => struck.effect = Some(effect.clone()),
            }
            if let Some(left) = &mut active.left {
                *left -= 1;
            }
            active.hits.fetch_add(1, Ordering::AcqRel);
        }
        struck
    }

    fn remove(&self, id: u64) {
        self.lock().faults.retain(|active| active.id != id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, InForce> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_fault_strikes_no_more_often_than_it_was_told() {
        let faults = Faults::default();
        let guard = faults.inject(Fault::hang().times(2));

        let struck = (0..5).filter(|_| faults.strike(&Method::GET, "/").effect.is_some()).count();

        assert_eq!((struck, guard.hits()), (2, 2));
    }

    #[test]
    fn a_fault_ends_with_its_guard() {
        let faults = Faults::default();
        drop(faults.inject(Fault::hang()));

        assert!(faults.strike(&Method::GET, "/").effect.is_none());
    }

    #[test]
    fn latencies_add_up_and_the_first_other_effect_wins() {
        let faults = Faults::default();
        let _slow = faults.inject(Fault::latency(Duration::from_millis(2)));
        let first = faults.inject(Fault::close(Phase::AfterRead));
        let second = faults.inject(Fault::garbage());
        let _slower = faults.inject(Fault::latency(Duration::from_millis(3)));

        let struck = faults.strike(&Method::GET, "/");

        assert_eq!(struck.latency, Duration::from_millis(5));
        assert!(matches!(struck.effect, Some(Effect::Close { phase: Phase::AfterRead, how: Close::Fin })));
        assert_eq!((first.hits(), second.hits()), (1, 0));
    }
}
