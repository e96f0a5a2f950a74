//! Faults: what one coordinator does wrong, to which requests, and how often.
//!
//! A fault consists of an effect ([`Fault::close`], [`Fault::response`], [`Fault::latency`], …), the requests that it
//! applies to ([`on`](Fault::on)) and a limit on their number ([`times`](Fault::times)). It begins with
//! [`Coordinator::inject`](crate::Coordinator::inject) and ends when the returned [`FaultGuard`](crate::FaultGuard) is
//! dropped.
//!
//! When several faults of a coordinator match a request, its latencies and the times of its commit add up, repeats, late
//! copies, failures of its commit and lost writes all happen, and the first other effect applies.

use std::time::Duration;

use bytes::Bytes;

use crate::faults::effect::{
    Close, EarlyResponse, Effect, Phase, ResponseFault, ScriptedBody, ScriptedResponse, When,
};
use crate::faults::garbage::Garbage;
use crate::faults::request_match::Match;
use crate::faults::reset_reason::ResetReason;

/// A fault that affects single requests.
#[derive(Debug, Clone)]
#[must_use = "a fault has no effect until it is injected"]
pub struct Fault {
    pub(crate) effect: Effect,
    pub(crate) on: Match,
    pub(crate) times: Option<usize>,
}

impl Fault {
    /// Closes the connection of a matching request in `phase`.
    ///
    /// The default is [`Close::Fin`]; [`close_mode`](Self::close_mode) changes it.
    pub fn close(phase: Phase) -> Self {
        Self::response_fault(ResponseFault::Close { phase, how: Close::Fin })
    }

    /// Sends an ArangoDB error object instead of executing the request.
    pub fn response(status: u16, error_num: u32, message: impl Into<String>) -> Self {
        Self::new(Effect::Response(ScriptedResponse {
            status,
            body: ScriptedBody::ErrorObject { error_num, message: message.into() },
            headers: Vec::new(),
            when: When::BeforeExecution,
        }))
    }

    /// Sends exactly this body without ArangoDB's headers, as a proxy would.
    ///
    /// The request is not executed, unless [`after_execution`](Self::after_execution) is set.
    pub fn raw_response(status: u16, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Effect::Response(ScriptedResponse {
            status,
            body: ScriptedBody::Raw { content_type: content_type.into(), body: body.into() },
            headers: Vec::new(),
            when: When::BeforeExecution,
        }))
    }

    /// Sends an ArangoDB error object before the request's body is read.
    ///
    /// The connection stays open and the rest of the request is read. With [`close_mode`](Self::close_mode) it is
    /// closed instead. [`Close::Fin`] ends the sending side and reads on until the client closes too. [`Close::Rst`]
    /// resets the connection.
    pub fn early_response(status: u16, error_num: u32, message: impl Into<String>) -> Self {
        Self::new(Effect::EarlyResponse(EarlyResponse {
            status,
            error_num,
            message: message.into(),
            close: None,
        }))
    }

    /// Delays the execution of a matching request.
    pub fn latency(delay: Duration) -> Self {
        Self::new(Effect::Latency(delay))
    }

    /// Executes a matching request and never responds. The connection stays open.
    pub fn hang() -> Self {
        Self::response_fault(ResponseFault::Hang)
    }

    /// Executes a matching request, sends bytes that are not HTTP, and closes.
    pub fn garbage() -> Self {
        Self::response_fault(ResponseFault::Garbage(Garbage::StatusLine))
    }

    /// Executes a matching request, sends a response head of 1 MiB, and closes.
    ///
    /// This is more than any client accepts.
    pub fn huge_head() -> Self {
        Self::response_fault(ResponseFault::Garbage(Garbage::HugeHead))
    }

    /// Executes a matching request, sends an invalid chunk, and closes.
    ///
    /// The head and the first chunk are valid. The second chunk has no size.
    pub fn bad_chunks() -> Self {
        Self::response_fault(ResponseFault::Garbage(Garbage::Chunks))
    }

    /// Executes a matching request and sends the response head slowly.
    ///
    /// It sends `chunk` bytes at a time, with a `pause` before each. The body follows at once. Then the connection is
    /// closed, as the head announced.
    pub fn slow_head(chunk: usize, pause: Duration) -> Self {
        Self::response_fault(ResponseFault::SlowHead { chunk, pause })
    }

    /// Executes a matching request and sends the response body slowly.
    ///
    /// The head is sent at once, then `chunk` bytes of the body at a time, with a `pause` before each. The connection
    /// can be reused afterwards.
    pub fn slow_body(chunk: usize, pause: Duration) -> Self {
        Self::response_fault(ResponseFault::SlowBody { chunk, pause })
    }

    /// Executes a matching request, sends part of the response, then nothing more.
    ///
    /// It sends the head and `after` bytes of the body. The connection stays open. The last byte is never sent. A
    /// response without a body stops within its head.
    pub fn stall(after: usize) -> Self {
        Self::response_fault(ResponseFault::Stall { after })
    }

    /// Executes a matching request, sends part of the response, and closes the connection.
    ///
    /// It sends the head, which announces the whole body, and `after` bytes of the body. The default is [`Close::Fin`];
    /// [`close_mode`](Self::close_mode) changes it. The last byte is never sent. A response without a body ends within
    /// its head.
    pub fn truncate(after: usize) -> Self {
        Self::response_fault(ResponseFault::Truncate { after, how: Close::Fin })
    }

    /// Executes a matching request and pads its response with spaces.
    ///
    /// The body gets `length` bytes. The JSON value is unchanged. The spaces are generated while they are sent, so a
    /// body may be larger than memory. A body that is already longer stays as it is, and so does an empty one.
    pub fn padded(length: usize) -> Self {
        Self::response_fault(ResponseFault::Padded { length })
    }

    /// Resets the stream of a matching request in `phase`. Other streams continue.
    ///
    /// In [`Phase::InHead`] no byte of the response has been sent. Over HTTP/1.1, which has no streams, the connection
    /// is closed.
    pub fn reset_stream(phase: Phase, reason: ResetReason) -> Self {
        Self::response_fault(ResponseFault::Reset { phase, reason })
    }

    /// Announces with a matching request that its connection accepts no more requests.
    ///
    /// This request and earlier ones get their responses. Over HTTP/2 a GOAWAY is sent at once. Over HTTP/1.1 the
    /// connection is closed after the response.
    pub fn goaway() -> Self {
        Self::new(Effect::GoAway)
    }

    /// Closes the connection with a GOAWAY that excludes a matching request.
    ///
    /// The GOAWAY marks the request as unprocessed, and it is not executed. Earlier requests on the connection are
    /// covered by the GOAWAY and are cut off with it. Over HTTP/1.1 the connection is closed without notice.
    pub fn goaway_unprocessed() -> Self {
        Self::new(Effect::GoAwayUnprocessed)
    }

    /// Repeats a matching write at the DB-Server, and responds with what the repeat meets.
    ///
    /// A coordinator does so if the response of the DB-Server is lost. The request is applied twice and counted as
    /// executed once: an insert gets 409/1210, a removal 404/1202, a write of a revision 412/1200, although no other
    /// request has touched the document. A document without a key gets it from the coordinator, so that the repeat meets
    /// the same one. Only writes by `/_api/document` are repeated.
    pub fn repeated_write() -> Self {
        Self::new(Effect::RepeatedWrite)
    }

    /// Executes a matching request once more, `delay` after it was executed.
    ///
    /// The late copy has waited in a queue of the coordinator. It counts as another execution, its response is lost, and
    /// it ends with the process of the coordinator. The response to the first copy is not affected; another fault may
    /// lose it.
    pub fn late_copy(delay: Duration) -> Self {
        Self::new(Effect::LateCopy(delay))
    }

    /// Makes the commit of a stream transaction take this time.
    ///
    /// Until then the transaction is reported as committed, as by a server, and its changes are not visible. The commit
    /// goes on if its client disconnects. It is lost if the coordinator that owns the transaction ends.
    pub fn slow_commit(time: Duration) -> Self {
        Self::new(Effect::SlowCommit(time))
    }

    /// Makes the commit of a stream transaction fail with 500 and error number 4. Nothing is written.
    ///
    /// With [`slow_commit`](Self::slow_commit) the transaction is reported as committed for that time, and afterwards as
    /// aborted.
    pub fn failed_commit() -> Self {
        Self::new(Effect::FailedCommit)
    }

    /// Loses what a matching request writes to the shards that one DB-Server leads.
    ///
    /// The shards of other leaders are written all the same, and the request gets 503 with error number 1478. It has an
    /// effect on writes of documents, on queries and on the commit of a stream transaction. An operation within a
    /// transaction gets the error and changes nothing on these shards. `db_server` is an index, as for [`stop_db_server`](crate::TestCluster::stop_db_server); one out of range has no effect.
    pub fn lost_write(db_server: usize) -> Self {
        Self::new(Effect::LostWrite(db_server))
    }

    /// Restricts the fault to matching requests. Default: [`Match::any`].
    pub fn on(mut self, requests: Match) -> Self {
        self.on = requests;
        self
    }

    /// Ends the fault after `times` requests. Default: it lasts as long as its guard.
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Sets how the connection is closed.
    ///
    /// It has an effect on [`Fault::close`], [`Fault::truncate`] and [`Fault::early_response`] only.
    pub fn close_mode(mut self, close: Close) -> Self {
        match &mut self.effect {
            Effect::ResponseFault(ResponseFault::Close { how, .. } | ResponseFault::Truncate { how, .. }) => {
                *how = close;
            }
            Effect::EarlyResponse(early) => early.close = Some(close),
            Effect::ResponseFault(_)
            | Effect::Latency(_)
            | Effect::RepeatedWrite
            | Effect::LateCopy(_)
            | Effect::SlowCommit(_)
            | Effect::FailedCommit
            | Effect::LostWrite(_)
            | Effect::Response(_)
            | Effect::GoAway
            | Effect::GoAwayUnprocessed => {}
        }
        self
    }

    /// Executes the request before the scripted response is sent.
    ///
    /// It has an effect on [`Fault::response`] and [`Fault::raw_response`] only.
    pub fn after_execution(mut self) -> Self {
        if let Effect::Response(scripted) = &mut self.effect {
            scripted.when = When::AfterExecution;
        }
        self
    }

    /// Adds a header to the scripted response.
    ///
    /// It has an effect on [`Fault::response`] and [`Fault::raw_response`] only.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Effect::Response(scripted) = &mut self.effect {
            scripted.headers.push((name.into(), value.into()));
        }
        self
    }

    fn response_fault(fault: ResponseFault) -> Self {
        Self::new(Effect::ResponseFault(fault))
    }

    fn new(effect: Effect) -> Self {
        Self { effect, on: Match::any(), times: None }
    }
}
