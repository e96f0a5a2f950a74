//! How long, how many, how much.

use std::time::Duration;

/// The longest that anything may take: whoever asks for more wants no limit, and clocks do not reach
/// as far as a `Duration` does.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// How long a call may take, and how much may come back. A limit of more than a year is one of a year.
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
    /// Limits the opening of one connection, over all addresses of its name.
    ///
    /// A connection that could not be opened in time sent nothing: the request goes on to the next
    /// coordinator. Default: 3 seconds.
    #[must_use]
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit.min(LONGEST);
        self
    }

    /// Limits one attempt: from choosing the coordinator to the head of its answer.
    ///
    /// An attempt that runs out may still run on the server, so it is repeated only if the request
    /// has no effect there. A request without effect leaves time for the coordinators that were not
    /// asked yet, so its attempts may be shorter. Operations that are known to block on the server
    /// raise it. Default: 30 seconds.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = limit.min(LONGEST);
        self
    }

    /// Limits the whole call: waiting for a connection, all attempts, the pauses between them and
    /// the body of the answer.
    ///
    /// Operations that are known to block on the server raise it. Default: 60 seconds.
    #[must_use]
    pub fn total(mut self, limit: Duration) -> Self {
        self.total = limit.min(LONGEST);
        self
    }

    /// Limits how long the body of an answer may stand still. Default: 30 seconds.
    #[must_use]
    pub fn body_idle(mut self, limit: Duration) -> Self {
        self.body_idle = limit.min(LONGEST);
        self
    }

    /// Limits the body of an answer, in bytes, whatever its head announces. Default: 256 MiB.
    #[must_use]
    pub fn body_bytes(mut self, limit: usize) -> Self {
        self.body_bytes = limit;
        self
    }

    /// Limits the head of an answer, in bytes: its status and all its headers, of which there may be a hundred.
    ///
    /// A larger one is a [`ProtocolViolation`](crate::ErrorKind::ProtocolViolation). Over HTTP/1.1 it is also the
    /// most that is read of a body at a time. Less than 8 KiB is 8 KiB. Default: 400 KiB.
    #[must_use]
    pub fn head_bytes(mut self, limit: usize) -> Self {
        self.head_bytes = limit.max(8 << 10);
        self
    }

    /// Tells the coordinators for how long a request may wait in their queue: at most this, and never longer than
    /// there is time for the attempt.
    ///
    /// One whose queue is slower refuses at once, and the request goes on to the next, instead of running out of
    /// time there. Default: they are not told, and a request waits.
    #[must_use]
    pub fn queue(mut self, limit: Duration) -> Self {
        self.queue = Some(limit);
        self
    }
}

/// How many connections to one coordinator, and for how long. More than a year is a year.
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
    /// Limits the connections to each coordinator that are in use; requests beyond it wait in the order in
    /// which they came. Over HTTP/2, where they share connections, it limits the requests. At least 1.
    /// Default: 128.
    #[must_use]
    pub fn connections(mut self, limit: usize) -> Self {
        self.connections = limit;
        self
    }

    /// Limits that wait; then the request goes on to the next coordinator. Default: 10 seconds.
    #[must_use]
    pub fn acquire(mut self, limit: Duration) -> Self {
        self.acquire = limit.min(LONGEST);
        self
    }

    /// Closes a connection that nobody has used for this long.
    ///
    /// It should stay well below the server's own limit (300 seconds) and that of any proxy in
    /// between: a request sent while the other end closes may or may not have been executed.
    /// Default: 25 seconds.
    #[must_use]
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit.min(LONGEST);
        self
    }

    /// Uses no connection for longer than about this, so that changes of DNS and of what stands
    /// behind an address are noticed. Chance makes each up to a fifth younger or older.
    /// Default: 10 minutes.
    #[must_use]
    pub fn age(mut self, limit: Duration) -> Self {
        self.age = limit.min(LONGEST);
        self
    }
}
