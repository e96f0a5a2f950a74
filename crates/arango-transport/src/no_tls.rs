//! What stands where TLS would: without its feature a host that asks for it is refused when it is read.

use std::net::SocketAddr;

use tokio::time::Instant;

use crate::attempt_error::AttemptError;
use crate::connect::Io;
use crate::http2::Choice;
use crate::{Coordinator, HttpProtocol, InvalidSettings};

/// There are none.
pub(crate) enum Tls {}

/// There are none.
pub(crate) enum Handshake {}

impl Handshake {
    #[expect(clippy::unused_async, reason = "as the one that there is with the feature")]
    pub(crate) async fn over(
        &self,
        _: Box<dyn Io>,
        _: SocketAddr,
        _: Instant,
    ) -> Result<(Box<dyn Io>, Option<HttpProtocol>, EarlyAlert), AttemptError> {
        match *self {}
    }
}

/// There are none.
pub(crate) struct Handshakes;

#[expect(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "as the one that there is with the feature"
)]
impl Handshakes {
    pub(crate) fn new(_: Option<Tls>, _: Choice) -> Result<Self, InvalidSettings> {
        Ok(Self)
    }

    pub(crate) fn check(&self, _: &[Coordinator]) -> Result<(), InvalidSettings> {
        Ok(())
    }

    pub(crate) fn of(&self, _: &Coordinator) -> Option<Handshake> {
        None
    }
}

/// There is none.
#[derive(Clone, Default)]
pub(crate) struct EarlyAlert(());

#[expect(clippy::unused_self, reason = "as the one that there is with the feature")]
impl EarlyAlert {
    pub(crate) fn refusal(&self) -> Option<&str> {
        None
    }

    #[cfg(feature = "http2")]
    pub(crate) fn begin(&self) {}
}
