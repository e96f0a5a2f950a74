//! Faults: what one coordinator does wrong, to which requests, and how often.
//!
//! A fault says three things: *what* goes wrong ([`Fault::close`], [`Fault::answer`], [`Fault::latency`], …), *for which*
//! requests ([`on`](Fault::on)) and *how often* ([`times`](Fault::times)). It begins with
//! [`Coordinator::inject`](crate::Coordinator::inject) and ends when the returned [`FaultGuard`](crate::FaultGuard) is dropped.
//!
//! When several faults of a coordinator match a request, their latencies add up and the first other effect wins.

use std::time::Duration;

use bytes::Bytes;

use crate::garbage::Garbage;
use crate::matching::Match;
use crate::reset::Reset;

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
    pub(crate) on: Match,
    pub(crate) times: Option<usize>,
}

impl Fault {
    /// Closes the connection of a matching request in `phase`, with a FIN unless [`how`](Self::how) says otherwise.
    pub fn close(phase: Phase) -> Self {
        Self::spoil(Spoiling::Cut { phase, how: Close::Fin })
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

    /// Answers with an error object of ArangoDB as soon as the head of the request is read, without waiting for its body.
    ///
    /// The connection stays open and takes the rest of the request, unless [`how`](Self::how) says that it is closed: with
    /// [`Close::Fin`] nothing more is sent, and what comes is read until the client closes too; with [`Close::Rst`] the
    /// client is cut off.
    pub fn early_answer(status: u16, error_num: u32, message: impl Into<String>) -> Self {
        Self::new(Effect::Early(Early { status, error_num, message: message.into(), close: None }))
    }

    /// Waits before a matching request is executed.
    pub fn latency(delay: Duration) -> Self {
        Self::new(Effect::Latency(delay))
    }

    /// Executes a matching request and never answers it; the connection stays open.
    pub fn hang() -> Self {
        Self::spoil(Spoiling::Hang)
    }

    /// Executes a matching request, answers with bytes that are not HTTP, and closes.
    pub fn garbage() -> Self {
        Self::spoil(Spoiling::Garbage(Garbage::StatusLine))
    }

    /// Executes a matching request, answers with a head of one mebibyte, which is more than any client takes, and closes.
    pub fn huge_head() -> Self {
        Self::spoil(Spoiling::Garbage(Garbage::HugeHead))
    }

    /// Executes a matching request, answers with the right head and a body in chunks of which the second has no size, and
    /// closes.
    pub fn bad_chunks() -> Self {
        Self::spoil(Spoiling::Garbage(Garbage::Chunks))
    }

    /// Executes a matching request and answers with a slow head: `chunk` bytes at a time, with a `pause` before each.
    ///
    /// The body follows at once, and then the connection is closed, as the head has said.
    pub fn slow_head(chunk: usize, pause: Duration) -> Self {
        Self::spoil(Spoiling::SlowHead { chunk, pause })
    }

    /// Executes a matching request and answers with the head at once and a slow body: `chunk` bytes at a time, with a
    /// `pause` before each. The connection can be used again afterwards.
    pub fn slow_body(chunk: usize, pause: Duration) -> Self {
        Self::spoil(Spoiling::SlowBody { chunk, pause })
    }

    /// Executes a matching request, answers with the head and `after` bytes of the body, and falls silent while the
    /// connection stays open.
    ///
    /// The last byte is never sent; an answer without a body stops within its head.
    pub fn stall(after: usize) -> Self {
        Self::spoil(Spoiling::Stall { after })
    }

    /// Executes a matching request, answers with the head and `after` bytes of the body, though the head has announced more,
    /// and closes the connection, with a FIN unless [`how`](Self::how) says otherwise.
    ///
    /// The last byte is never sent; an answer without a body ends within its head.
    pub fn truncate(after: usize) -> Self {
        Self::spoil(Spoiling::Truncate { after, how: Close::Fin })
    }

    /// Executes a matching request, and fills its answer with spaces until the body is `length` bytes long.
    ///
    /// JSON stays the JSON that it was. The spaces are made while they are sent, so a body may be longer than memory. One
    /// that is longer already stays as it is, and so does an answer without a body.
    pub fn padded(length: usize) -> Self {
        Self::spoil(Spoiling::Padded { length })
    }

    /// Resets the stream of a matching request in `phase`; the other streams of its connection go on.
    ///
    /// In [`Phase::InHead`] no byte of an answer has been sent. Streams are a matter of HTTP/2: over HTTP/1.1 the connection
    /// is closed.
    pub fn reset_stream(phase: Phase, reason: Reset) -> Self {
        Self::spoil(Spoiling::Reset { phase, reason })
    }

    /// Says with a matching request that its connection takes no more of them. This one is answered, and so are those that
    /// came before it.
    ///
    /// Over HTTP/2 that is a GOAWAY at once, over HTTP/1.1 the connection is closed behind the answer.
    pub fn go_away() -> Self {
        Self::new(Effect::GoAway)
    }

    /// Says with a GOAWAY that a matching request is one of those that nothing was done with, and closes the connection. The
    /// request is not executed.
    ///
    /// Those that came before it on the same connection are covered, and are cut off with it. Over HTTP/1.1 the connection
    /// is closed, and nothing is said.
    pub fn disown() -> Self {
        Self::new(Effect::Disown)
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

    /// Says how the connection is closed; means something for [`Fault::close`], [`Fault::truncate`] and
    /// [`Fault::early_answer`] only.
    pub fn how(mut self, close: Close) -> Self {
        match &mut self.effect {
            Effect::Spoil(Spoiling::Cut { how, .. } | Spoiling::Truncate { how, .. }) => *how = close,
            Effect::Early(early) => early.close = Some(close),
            Effect::Spoil(_) | Effect::Latency(_) | Effect::Answer(_) | Effect::GoAway | Effect::Disown => {}
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

    fn spoil(spoiling: Spoiling) -> Self {
        Self::new(Effect::Spoil(spoiling))
    }

    fn new(effect: Effect) -> Self {
        Self { effect, on: Match::any(), times: None }
    }
}

/// What a fault does to a request.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Latency(Duration),
    Answer(Scripted),
    Early(Early),
    Spoil(Spoiling),
    GoAway,
    Disown,
}

/// What becomes of the answer to a request, or of the request before there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoiling {
    Cut { phase: Phase, how: Close },
    Hang,
    Garbage(Garbage),
    SlowHead { chunk: usize, pause: Duration },
    SlowBody { chunk: usize, pause: Duration },
    Stall { after: usize },
    Truncate { after: usize, how: Close },
    Padded { length: usize },
    Reset { phase: Phase, reason: Reset },
}

/// An answer that does not wait for the body of the request.
#[derive(Debug, Clone)]
pub(crate) struct Early {
    pub(crate) status: u16,
    pub(crate) error_num: u32,
    pub(crate) message: String,
    /// `None`: the connection stays open, and the body is read and forgotten.
    pub(crate) close: Option<Close>,
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
