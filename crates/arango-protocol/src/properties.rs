//! What one request needs from the client.

use std::time::Duration;

use crate::affinity::Affinity;
use crate::metadata::{Metadata, RequestClass};
use crate::requirement::Requirement;

/// What one request needs from the client, known before it is sent.
///
/// By default it follows from the [metadata](Self::of) of its operation. An operation refines it where that depends on
/// its fields.
///
/// ```
/// use arango_protocol::{Metadata, RequestClass, RequestProperties};
/// use std::time::Duration;
///
/// const METADATA: Metadata = Metadata::post("query.run", "/_api/cursor");
/// // A query that only reads, and may take a minute.
/// let properties = RequestProperties::of(&METADATA)
///     .class(RequestClass::Safe)
///     .server_timeout(Duration::from_secs(60))
///     .without_hedging();
/// assert!(!properties.is_measured && !properties.shares_time);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
#[non_exhaustive]
pub struct RequestProperties {
    /// Whether the request may be retried if its outcome is unknown.
    pub class: RequestClass,
    /// How long the server itself may block before it responds.
    ///
    /// It raises the attempt and total timeouts to at least this. `None`: the server responds at once.
    pub server_timeout: Option<Duration>,
    /// Which coordinators it may go to, if it is about the state of one of them.
    pub affinity: Affinity,
    /// An option of the request that older servers ignore in silence.
    pub requires: Option<&'static Requirement>,
    /// Whether a slow request may be sent to a second coordinator.
    ///
    /// Only if the client is configured to hedge. Only requests of the class [`Safe`](RequestClass::Safe) are hedged.
    pub is_hedgeable: bool,
    /// Whether an attempt leaves time for attempts at other coordinators.
    ///
    /// Otherwise an attempt may take all the time that is left. Applies only to classes that are retried after a
    /// timeout.
    pub shares_time: bool,
    /// Whether the request is sent again, as its class allows, if an attempt has taken too long.
    ///
    /// A retry policy can allow it in any case.
    pub retries_timeouts: bool,
    /// How often the request is sent again after a conflict with another write, even if the retry policy allows fewer.
    ///
    /// Only while no attempt may have executed it, and not if the policy allows a single attempt.
    pub conflict_retries: u8,
    /// Whether the server undoes what it has executed of the request when it refuses the rest.
    ///
    /// Otherwise a refusal that comes from its execution is of unknown outcome, unless the request has no effect. It is then
    /// not retried, unless the class allows a second execution.
    pub is_rolled_back: bool,
    /// Whether the response time shows how fast the coordinator is.
    ///
    /// It then influences load balancing.
    pub is_measured: bool,
}

impl RequestProperties {
    /// Returns the properties of every request of an operation.
    ///
    /// An operation may refine them. With a server timeout, attempts do not share the time, and the response time is
    /// not measured.
    #[must_use]
    pub const fn of(metadata: &Metadata) -> Self {
        Self::with_class(metadata.class).with_timeout(metadata.server_timeout)
    }

    /// Returns the properties of a request when only its class is known.
    #[must_use]
    pub const fn with_class(class: RequestClass) -> Self {
        Self {
            class,
            server_timeout: None,
            affinity: Affinity::Any,
            requires: None,
            is_hedgeable: true,
            shares_time: true,
            retries_timeouts: true,
            conflict_retries: 0,
            is_rolled_back: true,
            is_measured: true,
        }
    }

    /// Sets the class.
    #[must_use]
    pub const fn class(mut self, class: RequestClass) -> Self {
        self.class = class;
        self
    }

    /// Sets how long the server itself may block before it responds.
    ///
    /// Attempts then do not share the time, and the response time is not measured.
    #[must_use]
    pub const fn server_timeout(self, timeout: Duration) -> Self {
        self.with_timeout(Some(timeout))
    }

    const fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.server_timeout = timeout;
        self.shares_time = timeout.is_none();
        self.is_measured = timeout.is_none();
        self
    }

    /// Sets which coordinators it may go to.
    #[must_use]
    pub const fn affinity(mut self, affinity: Affinity) -> Self {
        self.affinity = affinity;
        self
    }

    /// Declares that the request has an option that older servers ignore in silence.
    ///
    /// Of several options, declare the one that the latest version added.
    #[must_use]
    pub const fn requires(mut self, requirement: &'static Requirement) -> Self {
        self.requires = Some(requirement);
        self
    }

    /// Declares that the request is never hedged.
    ///
    /// It is never sent to a second coordinator while a first one may execute it.
    #[must_use]
    pub const fn without_hedging(mut self) -> Self {
        self.is_hedgeable = false;
        self
    }

    /// Declares that an attempt may take all the time that is left.
    ///
    /// For requests that take long by nature, where a second attempt would not be faster.
    #[must_use]
    pub const fn without_time_sharing(mut self) -> Self {
        self.shares_time = false;
        self
    }

    /// Declares that the request is not sent again because an attempt has taken too long.
    ///
    /// For work that a second copy would start from the beginning, while the first one goes on. The program allows it with a retry
    /// policy that retries timeouts of every class.
    #[must_use]
    pub const fn without_timeout_retry(mut self) -> Self {
        self.retries_timeouts = false;
        self
    }

    /// Sets how often the request is sent again after a conflict with another write, even if the retry policy allows fewer.
    ///
    /// For a request that succeeds once the other write has ended. In a transaction it counts as 0. Default: 0.
    #[must_use]
    pub const fn conflict_retries(mut self, times: u8) -> Self {
        self.conflict_retries = times;
        self
    }

    /// Declares that a part of the request may stay executed when the server refuses the rest.
    ///
    /// Such as a query that commits in parts.
    #[must_use]
    pub const fn without_rollback(mut self) -> Self {
        self.is_rolled_back = false;
        self
    }

    /// Declares that the response time says nothing about the coordinator.
    ///
    /// It does not show how fast the coordinator is.
    #[must_use]
    pub const fn without_measuring(mut self) -> Self {
        self.is_measured = false;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_timeout_says_that_a_request_is_slow_by_nature() {
        const METADATA: Metadata =
            Metadata::get("t.wait", "/_api/wait").server_timeout(Duration::from_secs(9));
        let slow = RequestProperties::of(&METADATA);
        assert_eq!((slow.class, slow.server_timeout), (RequestClass::Safe, Some(Duration::from_secs(9))));
        assert!(!slow.shares_time && !slow.is_measured && slow.is_hedgeable);
        let fast = RequestProperties::with_class(RequestClass::Safe);
        assert!(fast.shares_time && fast.is_measured && fast.is_hedgeable);
    }

    #[test]
    fn properties_are_small_since_they_are_copied_for_each_call() {
        assert!(size_of::<RequestProperties>() <= 32);
    }
}
