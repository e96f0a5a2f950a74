//! Per-call options.

use std::time::Duration;

use crate::config::hedging::Hedging;
use crate::config::limits::MAX_DURATION;
use crate::config::retry_policy::RetryPolicy;
use crate::credentials::Credentials;

/// Per-call options. What is not set here is taken from the client.
///
/// ```
/// use arango_transport::{CallOptions, RetryPolicy};
/// use std::time::Duration;
///
/// let options = CallOptions::default()
///     .total(Duration::from_secs(5))
///     .retry(RetryPolicy::disabled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    pub(crate) credentials: Option<Credentials>,
    pub(crate) total: Option<Duration>,
    /// Whether `total` is the rest of a limit that the caller has not set.
    pub(crate) is_rest_of_client_limit: bool,
    /// The time of earlier requests of a call of which `total` is the rest.
    pub(crate) earlier: Duration,
    pub(crate) attempt: Option<Duration>,
    pub(crate) queue: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) hedging: Option<Hedging>,
    pub(crate) database: Existence,
    /// The operation that the call prepares, if the program has not asked for the call itself.
    pub(crate) prepares: Option<&'static str>,
}

/// Whether the caller knows that the request's database exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Existence {
    /// A response that reports the database as unknown is final.
    #[default]
    Unknown,
    /// The database exists. A coordinator that does not know it will learn of it by propagation.
    Certain,
}

impl CallOptions {
    /// Sets the credentials. [`Credentials::none`] sends none.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Limits the whole call, as [`Limits::total`](crate::Limits::total) does.
    ///
    /// An operation's server timeout does not extend this limit.
    #[must_use]
    pub fn total(mut self, limit: Duration) -> Self {
        self.total = Some(limit.min(MAX_DURATION));
        self.is_rest_of_client_limit = false;
        self.earlier = Duration::ZERO;
        self
    }

    /// Limits a call that is a part of another one to the time which that has left.
    ///
    /// `earlier` is the time that the other one has had. The error has the time and the limit of the whole, and advises to
    /// raise that limit: that of the caller, or else that of the client.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn rest_of_call(mut self, earlier: Duration, left: Duration) -> Self {
        self.is_rest_of_client_limit |= self.total.is_none();
        self.earlier = earlier;
        self.total = Some(left.min(MAX_DURATION));
        self
    }

    /// Returns the time of earlier requests of the call that this is the rest of.
    #[doc(hidden)] // for the crate `arango`
    pub fn earlier_time(&self) -> Duration {
        self.earlier
    }

    /// Declares that the call is sent on behalf of this operation, before it.
    ///
    /// A success is not counted, because the operation follows. A failure counts as one of the operation, not executed.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn preparing(mut self, operation: &'static str) -> Self {
        self.prepares = Some(operation);
        self
    }

    /// Limits each attempt, as [`Limits::attempt`](crate::Limits::attempt) does.
    ///
    /// An operation's server timeout does not raise this limit.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = Some(limit.min(MAX_DURATION));
        self
    }

    /// Limits the time in a coordinator's queue, as [`Limits::server_queue_time`](crate::Limits::server_queue_time) does.
    #[must_use]
    pub fn server_queue_time(mut self, limit: Duration) -> Self {
        self.queue = Some(limit);
        self
    }

    /// Sets the retry policy: the number of retries and the accepted risks.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets whether a slow call is hedged.
    ///
    /// The hedge is a second attempt at another coordinator.
    #[must_use]
    pub fn hedging(mut self, hedging: Hedging) -> Self {
        self.hedging = Some(hedging);
        self
    }

    /// Declares that the database exists.
    ///
    /// For example, another program has just created it. A coordinator that does not know the database yet is retried
    /// for up to 10 seconds. Databases created through this client need no such declaration for a minute.
    #[must_use]
    pub fn expect_database(mut self) -> Self {
        self.database = Existence::Certain;
        self
    }
}
