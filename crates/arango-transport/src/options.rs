//! What one call wants otherwise than its client.

use std::time::Duration;

use crate::limits::LONGEST;
use crate::{Credentials, Hedging, RetryPolicy};

/// What one call wants otherwise than its client: what is not said here is as the client was built.
///
/// ```
/// use arango_transport::{CallOptions, RetryPolicy};
/// use std::time::Duration;
///
/// let options = CallOptions::default()
///     .total(Duration::from_secs(5))
///     .retry(RetryPolicy::never());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) total: Option<Duration>,
    pub(crate) attempt: Option<Duration>,
    pub(crate) queue: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) hedging: Option<Hedging>,
    pub(crate) database: Existence,
}

/// What the caller knows of the database that the request names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Existence {
    /// What the server says of it is believed.
    #[default]
    Unknown,
    /// It exists: a coordinator that does not know it will.
    Certain,
}

impl CallOptions {
    /// Sends these credentials; with [`Credentials::none`] none are sent.
    #[must_use]
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        self.credentials = Some(credentials.clone());
        self
    }

    /// Limits the whole call, as [`Limits::total`](crate::Limits::total) does; an operation's patience adds nothing
    /// to it.
    #[must_use]
    pub fn total(mut self, limit: Duration) -> Self {
        self.total = Some(limit.min(LONGEST));
        self
    }

    /// Limits each attempt, as [`Limits::attempt`](crate::Limits::attempt) does; an operation's patience does not
    /// raise it.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = Some(limit.min(LONGEST));
        self
    }

    /// Tells the coordinators for how long the request may wait in their queue, as
    /// [`Limits::queue`](crate::Limits::queue) does.
    #[must_use]
    pub fn queue(mut self, limit: Duration) -> Self {
        self.queue = Some(limit);
        self
    }

    /// Decides how often it is sent again, and which risks are taken.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Decides whether it is asked of a second coordinator when it takes unusually long.
    #[must_use]
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Says that the database exists, for example because another program has just created it.
    ///
    /// A coordinator that has not heard of it yet is asked again, for up to 10 seconds. What was created through this
    /// client needs no such word, for a minute.
    #[must_use]
    pub fn expect_database(mut self) -> Self {
        self.database = Existence::Certain;
        self
    }
}
