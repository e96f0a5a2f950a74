//! What is known of a logical request before its first attempt.

use std::time::Duration;

use arango_protocol::{Facts, RequestClass};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Method};

use crate::Coordinator;

/// What a caller tells the transport about a request, beside the request itself.
///
/// Handed to [`Transport::send`](crate::Transport::send), or put into the request's extensions. A
/// request without one is taken for what its method says.
///
/// ```
/// use arango_protocol::RequestClass;
/// use arango_transport::Call;
///
/// let call = Call::named("shop.restock").class(RequestClass::Idempotent);
/// ```
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) name: &'static str,
    pub(crate) class: RequestClass,
    pub(crate) patience: Option<Duration>,
    pub(crate) answers: &'static [u16],
    pub(crate) pin: Option<Coordinator>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) streaming: bool,
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
            credentials: None,
            streaming: false,
        }
    }

    /// The call of an operation; `class` is what the very operation says of itself.
    pub fn of(facts: &Facts, class: RequestClass) -> Self {
        Self { class, patience: facts.patience, answers: facts.answers, ..Self::named(facts.name) }
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
    #[must_use]
    pub fn pinned_to(mut self, coordinator: Coordinator) -> Self {
        self.pin = Some(coordinator);
        self
    }

    /// Replaces the client's credentials; with [`Credentials::none`] none are sent.
    #[must_use]
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        self.credentials = Some(credentials.clone());
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
}

/// Who asks.
///
/// Kept in the form in which it is sent, marked as sensitive, and never printed.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    authorization: Option<HeaderValue>,
}

impl Credentials {
    /// Nobody in particular: for servers without authentication.
    pub const fn none() -> Self {
        Self { authorization: None }
    }

    /// A user and a password.
    ///
    /// A colon in the user's name would move the border between the two, so the server could not
    /// tell them apart; such a login simply fails there.
    pub fn basic(user: &str, password: &str) -> Self {
        let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let mut value =
            HeaderValue::try_from(format!("Basic {login}")).expect("base64 holds only what a header may");
        value.set_sensitive(true);
        Self { authorization: Some(value) }
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_printed() {
        let credentials = Credentials::basic("root", "s3cret");
        let call = Call::named("x").credentials(&credentials);
        let printed = format!("{credentials:?} {call:?}");
        assert!(!printed.contains("s3cret") && !printed.contains("cm9vdDpzM2NyZXQ="), "{printed}");
        assert_eq!(credentials.authorization().unwrap(), "Basic cm9vdDpzM2NyZXQ=");
    }
}
