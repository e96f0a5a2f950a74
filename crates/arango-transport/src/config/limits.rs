//! Limits of calls and of connection pools.

use std::time::Duration;

/// The maximum of every time limit: one year.
///
/// Adding a very long `Duration` to an `Instant` would overflow.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(365 * 86_400);

/// Limits the duration of a call and the size of its response.
///
/// The maximum of every time limit is one year; longer limits are shortened to it.
///
/// ```
/// use arango_transport::Limits;
/// use std::time::Duration;
///
/// let limits = Limits::default().total(Duration::from_secs(10)).connect(Duration::from_millis(500));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    pub(crate) total: Duration,
    pub(crate) body_idle: Duration,
    pub(crate) body_bytes: usize,
    pub(crate) head_bytes: usize,
    pub(crate) queue: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(30),
            total: Duration::from_secs(60),
            body_idle: Duration::from_secs(30),
            body_bytes: 256 << 20,
            head_bytes: 400 << 10,
            queue: None,
        }
    }
}

impl Limits {
    /// Limits the time to open a connection.
    ///
    /// The limit covers all addresses of the host name. If the connection cannot be opened in time, nothing was sent,
    /// and the request is retried on the next coordinator. Default: 3 seconds.
    #[must_use]
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit.min(MAX_DURATION);
        self
    }

    /// Limits one attempt: from choosing the coordinator to the response head.
    ///
    /// An attempt that exceeds the limit may still be running on the server, so it is retried only if the
    /// request has no effect there, or if a late copy of it is harmless. Attempts of requests without effect may be
    /// shorter than the limit, to leave time for the coordinators not yet tried. Operations known to block on the server raise the
    /// limit. Default: 30 seconds.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = limit.min(MAX_DURATION);
        self
    }

    /// Limits the duration of the whole call.
    ///
    /// This covers waiting for a connection, all attempts, backoff and response body. Operations known to block on the
    /// server raise the limit. Default: 60 seconds.
    #[must_use]
    pub fn total(mut self, limit: Duration) -> Self {
        self.total = limit.min(MAX_DURATION);
        self
    }

    /// Limits the time between two parts of a response body.
    ///
    /// Default: 30 seconds.
    #[must_use]
    pub fn body_idle(mut self, limit: Duration) -> Self {
        self.body_idle = limit.min(MAX_DURATION);
        self
    }

    /// Limits the size of a response body, in bytes. Default: 256 MiB.
    ///
    /// The bytes received are counted, regardless of the length that the response head announces.
    #[must_use]
    pub fn body_bytes(mut self, limit: usize) -> Self {
        self.body_bytes = limit;
        self
    }

    /// Limits the size of a response head, in bytes. Default: 400 KiB.
    ///
    /// The head is the status and all headers, at most 100. A larger head is a
    /// [`ProtocolViolation`](crate::ErrorKind::ProtocolViolation). Over HTTP/1.1 this is also the maximum
    /// number of body bytes per read. The minimum is 8 KiB; smaller limits are raised to it.
    #[must_use]
    pub fn head_bytes(mut self, limit: usize) -> Self {
        self.head_bytes = limit.max(8 << 10);
        self
    }

    /// Sets the maximum queue time of a request.
    ///
    /// It is sent to the coordinators. The value sent never exceeds the time left for the attempt. A coordinator whose
    /// queue is slower rejects the request immediately, and the request is retried on the next coordinator instead of
    /// timing out. Default: nothing is sent, and a request waits in the queue.
    #[must_use]
    pub fn server_queue_time(mut self, limit: Duration) -> Self {
        self.queue = Some(limit);
        self
    }
}

/// Limits the number and the age of connections to each coordinator.
///
/// The maximum of every time limit is one year; longer limits are shortened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolLimits {
    pub(crate) connections: usize,
    pub(crate) acquire: Duration,
    pub(crate) idle: Duration,
    pub(crate) age: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            connections: 128,
            acquire: Duration::from_secs(10),
            idle: Duration::from_secs(25),
            age: Duration::from_secs(600),
        }
    }
}

impl PoolLimits {
    /// Limits the connections in use to each coordinator. Default: 128.
    ///
    /// Further requests wait in a first-in-first-out wait queue. Over HTTP/2, where requests share connections, this
    /// limits the requests. Must be at least 1.
    #[must_use]
    pub fn connections(mut self, limit: usize) -> Self {
        self.connections = limit;
        self
    }

    /// Limits the time in the wait queue. Default: 10 seconds.
    ///
    /// A request that exceeds it is retried on the next coordinator.
    #[must_use]
    pub fn acquire(mut self, limit: Duration) -> Self {
        self.acquire = limit.min(MAX_DURATION);
        self
    }

    /// Sets the idle time after which a connection is closed.
    ///
    /// Default: 25 seconds. Keep it well below the idle limit of the server (300 seconds) and of any proxy in between:
    /// a request sent while the other end closes the connection may or may not have been executed.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit.min(MAX_DURATION);
        self
    }

    /// Sets the maximum age of a connection. Default: 10 minutes.
    ///
    /// Replacing connections picks up changes of DNS and of the servers behind an address. The age of
    /// each connection varies randomly by up to a fifth in either direction.
    #[must_use]
    pub fn age(mut self, limit: Duration) -> Self {
        self.age = limit.min(MAX_DURATION);
        self
    }
}
