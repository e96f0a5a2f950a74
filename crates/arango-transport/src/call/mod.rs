//! Per-call metadata and state.

pub(crate) mod attempt_log;
pub(crate) mod attempt_request;
pub(crate) mod call_request;
pub(crate) mod compressed;
pub(crate) mod context;
pub(crate) mod counts;
pub(crate) mod error;
pub(crate) mod latency_window;
pub(crate) mod lifecycle;
pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod recently_created;
pub(crate) mod replayable_request;
pub(crate) mod send_tracker;
pub(crate) mod settings;
pub(crate) mod support;
pub(crate) mod token_acceptance;
pub(crate) mod untracked_requests;

use std::sync::Arc;
use std::time::Duration;

use arango_balance::Timing;
use arango_protocol::{Affinity, Metadata, RequestClass, RequestProperties};
use http::Method;
use tokio::time::Instant;

use crate::call::options::{CallOptions, Existence};
use crate::call::settings::Settings;
use crate::call::support::Support;
use crate::config::hedging::Hedging;
use crate::config::retry_policy::RetryPolicy;
use crate::credentials::Credentials;
use crate::error::OwnLimits;
use crate::types::coordinator::Coordinator;

/// Describes a request to the transport: name, class, target and options.
///
/// Passed to [`Transport::send`](crate::Transport::send) or inserted into the request's extensions. A request
/// without one that is sent through the tower service gets the class of its method. A new request that
/// middleware creates must carry one, otherwise it is rejected.
///
/// ```
/// use arango_protocol::RequestClass;
/// use arango_transport::Call;
///
/// let call = Call::with_name("shop.restock").class(RequestClass::Idempotent);
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct Call {
    pub(crate) name: &'static str,
    pub(crate) properties: RequestProperties,
    pub(crate) success_statuses: &'static [u16],
    pub(crate) pin: Option<Coordinator>,
    pub(crate) allow_unverified: bool,
    pub(crate) preferred: Option<Coordinator>,
    pub(crate) streaming: bool,
    /// The caller decodes the body and recognizes a success by its contents.
    pub(crate) has_body: bool,
    /// The coordinator forwards the request to the server that it names.
    pub(crate) relayed: bool,
    /// The body names the collections that the request is about.
    pub(crate) collections_in_body: bool,
    pub(crate) new_connection: bool,
    /// Present if not every server version supports the operation.
    pub(crate) support: Option<Arc<dyn Support>>,
    /// Shared by calls with the same options. Most calls have none.
    pub(crate) options: Option<Arc<CallOptions>>,
}

/// What determines a [`Call`]: see its functions.
#[derive(Debug)]
#[doc(hidden)] // for the crate `arango`
pub struct CallParts {
    pub name: &'static str,
    pub properties: RequestProperties,
    pub success_statuses: &'static [u16],
    pub relayed: bool,
    pub collections_in_body: bool,
    pub options: Option<Arc<CallOptions>>,
    pub support: Option<Arc<dyn Support>>,
    pub pin: Option<Coordinator>,
    pub preferred: Option<Coordinator>,
}

impl Call {
    /// Creates a call with this name.
    ///
    /// Errors and spans show the name. The class is [`NonIdempotent`](RequestClass::NonIdempotent) until it
    /// is [set](Self::class).
    pub fn with_name(name: &'static str) -> Self {
        Self {
            name,
            properties: RequestProperties::with_class(RequestClass::NonIdempotent),
            success_statuses: &[],
            pin: None,
            allow_unverified: false,
            preferred: None,
            streaming: false,
            has_body: false,
            relayed: false,
            collections_in_body: false,
            new_connection: false,
            support: None,
            options: None,
        }
    }

    /// Creates the call of an operation.
    ///
    /// `properties` are those of this instance of the operation.
    pub fn new(metadata: &Metadata, properties: RequestProperties) -> Self {
        let Metadata { name, success_statuses, relayed, collections_in_body, .. } = *metadata;
        Self { properties, success_statuses, relayed, collections_in_body, ..Self::with_name(name) }
    }

    /// Creates the call of an operation through a handle.
    #[doc(hidden)] // for the crate `arango`
    #[inline]
    pub fn from_parts(parts: CallParts) -> Self {
        let CallParts {
            name,
            properties,
            success_statuses,
            relayed,
            collections_in_body,
            options,
            support,
            pin,
            preferred,
        } = parts;
        Self {
            name,
            properties,
            success_statuses,
            pin,
            allow_unverified: false,
            preferred,
            streaming: false,
            has_body: false,
            relayed,
            collections_in_body,
            new_connection: false,
            support,
            options,
        }
    }

    /// Creates the call of a request of which only the method is known.
    pub(crate) fn from_method(method: &Method) -> Self {
        Self::with_name("request").class(RequestClass::of_method(method))
    }

    /// Sets the class: whether to repeat the request after an unknown outcome.
    #[must_use]
    pub fn class(mut self, class: RequestClass) -> Self {
        self.properties.class = class;
        self
    }

    /// Sends the call to this coordinator only.
    ///
    /// For operations that act on one coordinator or report about it. If the coordinator is not, or no
    /// longer, a member of the client, the call fails with
    /// [`UnknownCoordinator`](crate::ErrorKind::UnknownCoordinator) and nothing is sent.
    #[must_use]
    pub fn pinned_to(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(coordinator);
        self
    }

    /// Prefers this coordinator while it is a member that takes requests.
    ///
    /// Otherwise another coordinator is used. For resources that live on one coordinator and are reached
    /// through all of them, such as a cursor: the other coordinators forward the request. A retry goes to
    /// another coordinator, as for any call, unless the request has the [affinity](Affinity::OwnerThenForward) to the
    /// owner. An address that several coordinators share is not preferred.
    #[must_use]
    pub fn prefer(mut self, coordinator: Coordinator) -> Self {
        self.preferred = Some(coordinator);
        self
    }

    /// Replaces the client's credentials. [`Credentials::none`] sends none.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        Arc::make_mut(self.options.get_or_insert_default()).credentials = Some(credentials);
        self
    }

    /// Replaces the per-call options. Options that were set before are discarded.
    #[must_use]
    pub fn options(mut self, options: impl Into<Arc<CallOptions>>) -> Self {
        self.options = Some(options.into());
        self
    }

    /// Returns the response body as a stream instead of buffering it.
    ///
    /// The caller handles a body that breaks off. Only [`Limits::body_idle`](crate::Limits::body_idle) limits
    /// such a body.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Sends the call on a new connection.
    ///
    /// For example to detect several coordinators behind one address.
    #[must_use]
    pub fn new_connection(mut self) -> Self {
        self.new_connection = true;
        self
    }

    /// Allows the [pinned](Self::pinned_to) coordinator to be unverified.
    ///
    /// It may be a discovered one that is not verified yet. For implementations of [`Discover`](crate::Discover). All
    /// other calls pinned to an unverified coordinator fail as for an unknown one, so that it receives no credentials.
    #[must_use]
    pub fn allow_unverified(mut self) -> Self {
        self.allow_unverified = true;
        self
    }

    /// Sets what knows which coordinators support the operation.
    ///
    /// The call goes only to those that may support it. A coordinator that turns out to lack it is not asked again.
    #[doc(hidden)] // for the crate `arango`
    #[must_use]
    pub fn support(mut self, support: Arc<dyn Support>) -> Self {
        self.support = Some(support);
        self
    }

    /// Returns the timing of an attempt that started then and has just ended.
    pub(crate) fn timing(&self, started: Instant) -> Timing {
        let timing = Timing::since(started);
        if self.properties.is_measured { timing } else { timing.unmeasured() }
    }

    /// Returns the coordinator that holds the state which the request is about, if others may forward the request.
    pub(crate) fn owner(&self) -> Option<&Coordinator> {
        self.preferred.as_ref().filter(|_| self.properties.affinity == Affinity::OwnerThenForward)
    }

    pub(crate) fn own_credentials(&self) -> Option<&Credentials> {
        self.options.as_ref()?.credentials.as_ref()
    }

    /// Returns the operation that the call prepares, if the program has not asked for the call itself.
    pub(crate) fn prepares(&self) -> Option<&'static str> {
        self.options.as_ref()?.prepares
    }

    /// Returns the limit of the whole call.
    pub(crate) fn limit(&self, settings: &Settings) -> Duration {
        let total = settings.limits.total;
        // One attempt may last as long as the server timeout. The total must leave time for another attempt.
        match (self.options.as_ref().and_then(|options| options.total), self.properties.server_timeout) {
            (Some(own), _) => own,
            (None, Some(timeout)) => timeout.saturating_add(total),
            (None, None) => total,
        }
    }

    /// Returns the time of earlier requests of the call, if this is the rest of one.
    pub(crate) fn earlier_time(&self) -> Duration {
        self.options.as_ref().map_or(Duration::ZERO, |options| options.earlier)
    }

    /// Returns which time limits the caller has set.
    pub(crate) fn own_limits(&self) -> OwnLimits {
        let options = self.options.as_deref();
        OwnLimits {
            total: options.is_some_and(|options| options.total.is_some() && !options.is_rest_of_client_limit),
            attempt: options.is_some_and(|options| options.attempt.is_some()),
        }
    }

    pub(crate) fn attempt_limit(&self) -> Option<Duration> {
        self.options.as_ref()?.attempt
    }

    pub(crate) fn queue_limit(&self) -> Option<Duration> {
        self.options.as_ref()?.queue
    }

    /// Returns whether the caller knows that the request's database exists.
    pub(crate) fn existence(&self) -> Existence {
        self.options.as_ref().map_or(Existence::Unknown, |options| options.database)
    }

    pub(crate) fn hedging(&self) -> Option<Hedging> {
        self.options.as_ref()?.hedging
    }

    pub(crate) fn retry(&self) -> Option<&RetryPolicy> {
        self.options.as_ref()?.retry.as_ref()
    }
}
