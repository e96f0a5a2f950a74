//! What is known of a logical request before its first attempt.

use std::sync::Arc;
use std::time::Duration;

use arango_protocol::{Metadata, RequestClass};
use http::Method;

use crate::options::Existence;
use crate::{CallOptions, Coordinator, Credentials, Hedging, RetryPolicy};

/// What a caller tells the transport about a request, beside the request itself.
///
/// Handed to [`Transport::send`](crate::Transport::send), or put into the request's extensions. Without
/// one a request handed to the transport as a service is taken for what its method says; one that a layer
/// of the user's makes up is refused.
///
/// ```
/// use arango_protocol::RequestClass;
/// use arango_transport::Call;
///
/// let call = Call::named("shop.restock").class(RequestClass::Idempotent);
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
pub struct Call {
    pub(crate) name: &'static str,
    pub(crate) class: RequestClass,
    pub(crate) patience: Option<Duration>,
    pub(crate) answers: &'static [u16],
    pub(crate) pin: Option<Coordinator>,
    pub(crate) tries_out: bool,
    pub(crate) prefers: Option<Coordinator>,
    pub(crate) streaming: bool,
    /// The body is read by who knows what a success looks like.
    pub(crate) is_read: bool,
    /// It is passed on to the server that it names.
    pub(crate) relayed: bool,
    pub(crate) fresh: bool,
    /// Seldom any: shared with whoever makes many calls alike.
    pub(crate) options: Option<Arc<CallOptions>>,
}

impl Call {
    /// A call of this name, which errors and spans show. It is taken to be
    /// [`NonIdempotent`](RequestClass::NonIdempotent).
    pub fn named(name: &'static str) -> Self {
        Self {
            name,
            class: RequestClass::NonIdempotent,
            patience: None,
            answers: &[],
            pin: None,
            tries_out: false,
            prefers: None,
            streaming: false,
            is_read: false,
            relayed: false,
            fresh: false,
            options: None,
        }
    }

    /// The call of an operation; `class` is what the very operation says of itself.
    pub fn of(facts: &Metadata, class: RequestClass) -> Self {
        let Metadata { name, server_timeout: patience, success_statuses: answers, relayed, .. } = *facts;
        Self { class, patience, answers, relayed, ..Self::named(name) }
    }

    /// The call of a request of which only the method is known.
    pub(crate) fn of_method(method: &Method) -> Self {
        Self::named("request").class(RequestClass::of_method(method))
    }

    /// Sets whether it may be sent again when its fate is unknown.
    #[must_use]
    pub fn class(mut self, class: RequestClass) -> Self {
        self.class = class;
        self
    }

    /// Sends it to this coordinator and to no other, whatever happens.
    ///
    /// For what acts on one coordinator, or speaks of it. If that is not one of the client's, or is no more, the call
    /// fails with [`UnknownCoordinator`](crate::ErrorKind::UnknownCoordinator), and nothing of it is sent.
    #[must_use]
    pub fn pinned_to(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(coordinator);
        self
    }

    /// Sends it to this coordinator as long as it is one of the client's and takes requests, and else to another.
    ///
    /// For what lives on one coordinator and is reached through all of them, such as a cursor: the others hand it on.
    /// What is sent again goes elsewhere, as for any call. Of an address that several share none is preferred.
    #[must_use]
    pub fn preferring(mut self, coordinator: Coordinator) -> Self {
        self.prefers = Some(coordinator);
        self
    }

    /// Replaces the client's credentials; with [`Credentials::none`] none are sent.
    #[must_use]
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        Arc::make_mut(self.options.get_or_insert_default()).credentials = Some(credentials.clone());
        self
    }

    /// Wants these things otherwise than the client; what was said before is forgotten.
    #[must_use]
    pub fn options(mut self, options: impl Into<Arc<CallOptions>>) -> Self {
        self.options = Some(options.into());
        self
    }

    /// Hands the body of the answer over as it comes, rather than whole.
    ///
    /// A body that breaks off is then for the caller to deal with, and no limit but
    /// [`Limits::body_idle`](crate::Limits::body_idle) holds for it.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Sends it on a connection that has carried nothing yet: for finding out whether the same one answers again.
    #[must_use]
    pub fn on_a_fresh_connection(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// Lets the coordinator that it is [pinned to](Self::pinned_to) be one that is only listed, and that nobody has found
    /// out about: for [whoever does](crate::Discover). All other calls for such a one fail as for one that is unknown,
    /// so that it is shown nobody's credentials.
    #[must_use]
    pub fn trying_out(mut self) -> Self {
        self.tries_out = true;
        self
    }

    pub(crate) fn own_credentials(&self) -> Option<&Credentials> {
        self.options.as_ref()?.credentials.as_ref()
    }

    pub(crate) fn own_total_limit(&self) -> Option<Duration> {
        self.options.as_ref()?.total
    }

    pub(crate) fn own_attempt_limit(&self) -> Option<Duration> {
        self.options.as_ref()?.attempt
    }

    pub(crate) fn own_queue_limit(&self) -> Option<Duration> {
        self.options.as_ref()?.queue
    }

    /// What the caller knows of the database that the request names.
    pub(crate) fn expects(&self) -> Existence {
        self.options.as_ref().map_or(Existence::Unknown, |options| options.database)
    }

    pub(crate) fn own_hedging(&self) -> Option<Hedging> {
        self.options.as_ref()?.hedging
    }

    pub(crate) fn own_retry(&self) -> Option<&RetryPolicy> {
        self.options.as_ref()?.retry.as_ref()
    }
}
