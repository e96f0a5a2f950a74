//! The retry policy of a client.

/// Sets how often requests are retried, and which unsafe retries are allowed.
///
/// By default a request is retried only if the retry is proved to be safe. Each method that begins with `on_` allows
/// retries in one more situation, and documents the risk.
///
/// ```
/// use arango_transport::RetryPolicy;
///
/// let policy = RetryPolicy::default().attempts(4).conflicts(10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) attempts: usize,
    pub(crate) conflicts: u32,
    pub(crate) timeouts: Timeouts,
    pub(crate) shutdowns: Shutdowns,
    pub(crate) server_errors: ServerErrors,
}

/// Whether an idempotent request is retried while its first attempt may still be running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeouts {
    Final,
    Retry,
}

/// Whether the shutdown error of a coordinator proves that the request was not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shutdowns {
    Unknown,
    Trusted,
}

/// Whether a request without effect is retried after a server error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerErrors {
    Final,
    Retry,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            conflicts: 0,
            timeouts: Timeouts::Final,
            shutdowns: Shutdowns::Unknown,
            server_errors: ServerErrors::Final,
        }
    }
}

impl RetryPolicy {
    /// Disables retries: every call makes one attempt.
    ///
    /// That holds for an insert that ignores existing documents, too: it is not sent again if another one was in the way. An
    /// expired token is still renewed before the attempt, and a cursor still asks for a batch again that the server computes.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default().attempts(1)
    }

    /// Limits the attempts of one call, including the first. Default: 6.
    ///
    /// The number of attempts never exceeds the number of coordinators plus one, or three with fewer than two
    /// coordinators. The minimum is 1; zero is raised to it.
    #[must_use]
    pub fn attempts(mut self, limit: usize) -> Self {
        self.attempts = limit.max(1);
        self
    }

    /// Retries a request up to `times` times after a write-write conflict.
    ///
    /// Default: 0. The server reports a conflict with error 1200 and has executed nothing. The backoff grows from 5 to
    /// 500 ms. These attempts do not count towards [`attempts`](Self::attempts), and the retry budget does not pay for them. A
    /// request of which a part may stay executed, such as a query that is committed in parts, is retried only if its class
    /// allows a second execution.
    #[must_use]
    pub fn conflicts(mut self, times: u32) -> Self {
        self.conflicts = times;
        self
    }

    /// Retries an [`Idempotent`](arango_protocol::RequestClass::Idempotent) request after an attempt timed out.
    ///
    /// Default: no retry. The first attempt may still be running, so two may run at the same time.
    #[must_use]
    pub fn on_timeout(mut self) -> Self {
        self.timeouts = Timeouts::Retry;
        self
    }

    /// Retries any request after a coordinator reports that it is shutting down.
    ///
    /// This includes requests that are not idempotent. A coordinator nearly always rejects a request before it executes
    /// anything. However, an operation that has already started may return the same error, and the two cases cannot
    /// be distinguished. The retried request then takes effect twice.
    #[must_use]
    pub fn on_shutdown(mut self) -> Self {
        self.shutdowns = Shutdowns::Trusted;
        self
    }

    /// Retries a [`Safe`](arango_protocol::RequestClass::Safe) request after a server error.
    ///
    /// Default: no retry. A server error is a status of 500 with an error number that is not about the cluster.
    #[must_use]
    pub fn on_server_error(mut self) -> Self {
        self.server_errors = ServerErrors::Retry;
        self
    }
}
