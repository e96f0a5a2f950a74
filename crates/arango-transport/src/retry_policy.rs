//! What a client sends again beyond what is proved to do no harm, and how often.

/// How often a request is sent again, and which risks the caller takes.
///
/// Without a word from the caller a request is sent again only where it is proved that this does no harm. The
/// methods that begin with `on_` go beyond that, each in one situation, and say what is given up.
///
/// ```
/// use arango_transport::RetryPolicy;
///
/// let policy = RetryPolicy::default().attempts(4).on_conflict(10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) attempts: usize,
    pub(crate) conflicts: u32,
    pub(crate) timeouts: Timeouts,
    pub(crate) shutdowns: Shutdowns,
    pub(crate) server_errors: ServerErrors,
}

/// Whether an idempotent request is sent again while its first copy may still be running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeouts {
    Final,
    Repeated,
}

/// Whether the word of a coordinator that shuts down is taken for a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shutdowns {
    Doubted,
    Trusted,
}

/// Whether a request without effect is sent again after the server failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerErrors {
    Final,
    Repeated,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            conflicts: 0,
            timeouts: Timeouts::Final,
            shutdowns: Shutdowns::Doubted,
            server_errors: ServerErrors::Final,
        }
    }
}

impl RetryPolicy {
    /// Makes one attempt and no other, whatever happens; a token that has ended is renewed nevertheless before it
    /// is sent.
    #[must_use]
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// Limits the attempts of one call, the first included. There are never more than one more than there are
    /// coordinators, or three if these are fewer than two. At least 1. Default: 6.
    #[must_use]
    pub fn attempts(mut self, most: usize) -> Self {
        self.attempts = most.max(1);
        self
    }

    /// Sends a request again, up to `times` times, after two writes have met: the server says so with error 1200,
    /// and has executed nothing. Pauses grow from 5 to 500 ms. Such attempts do not count towards
    /// [`attempts`](Self::attempts). Default: never.
    #[must_use]
    pub fn on_conflict(mut self, times: u32) -> Self {
        self.conflicts = times;
        self
    }

    /// Sends an [`Idempotent`](arango_protocol::RequestClass::Idempotent) request again after an attempt that was
    /// not answered in time. The first copy may still be running, so two may run at once.
    #[must_use]
    pub fn on_timeout(mut self) -> Self {
        self.timeouts = Timeouts::Repeated;
        self
    }

    /// Sends any request again, also one that is not idempotent, after a coordinator has said that it shuts down.
    ///
    /// It nearly always says so at the door, before anything runs. But the same words come from within an operation
    /// that has begun, and nothing tells the two apart: then the request has two effects.
    #[must_use]
    pub fn on_shutdown(mut self) -> Self {
        self.shutdowns = Shutdowns::Trusted;
        self
    }

    /// Sends a [`Safe`](arango_protocol::RequestClass::Safe) request again after the server has failed, with a
    /// status of 500 and a number that says nothing of the cluster.
    #[must_use]
    pub fn on_server_error(mut self) -> Self {
        self.server_errors = ServerErrors::Repeated;
        self
    }
}
