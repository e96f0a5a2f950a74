//! What a fault does to a request.

use std::time::Duration;

use bytes::Bytes;

use crate::faults::garbage::Garbage;
use crate::faults::reset_reason::ResetReason;

/// How far a request is processed before its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Closed before the request is read. It is not executed and not in the journal.
    BeforeRead,
    /// Read and recorded in the journal, but not executed.
    AfterRead,
    /// Executed, but no byte of the response is sent.
    AfterExecution,
    /// Executed; the response ends within its head.
    InHead,
    /// Executed; the head and half of the body are sent. A response without a body ends within its head.
    InBody,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// An orderly end of the stream (TCP FIN).
    Fin,
    /// A TCP reset. An in-memory connection has no resets; there it is an end of the stream.
    Rst,
}

/// The effect of a fault on a request.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Latency(Duration),
    RepeatedWrite,
    LateCopy(Duration),
    SlowCommit(Duration),
    FailedCommit,
    /// By the index of the DB-Server.
    LostWrite(usize),
    Response(ScriptedResponse),
    EarlyResponse(EarlyResponse),
    ResponseFault(ResponseFault),
    GoAway,
    GoAwayUnprocessed,
}

/// A change of the response, or an end before the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFault {
    Close { phase: Phase, how: Close },
    Hang,
    Garbage(Garbage),
    SlowHead { chunk: usize, pause: Duration },
    SlowBody { chunk: usize, pause: Duration },
    Stall { after: usize },
    Truncate { after: usize, how: Close },
    Padded { length: usize },
    Reset { phase: Phase, reason: ResetReason },
}

/// A response sent before the request's body is read.
#[derive(Debug, Clone)]
pub(crate) struct EarlyResponse {
    pub(crate) status: u16,
    pub(crate) error_num: u32,
    pub(crate) message: String,
    /// `None`: the connection stays open, and the body is read and discarded.
    pub(crate) close: Option<Close>,
}

/// A response that no handler produced.
#[derive(Debug, Clone)]
pub(crate) struct ScriptedResponse {
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
