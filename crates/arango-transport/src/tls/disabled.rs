//! Replaces `tls` without its feature: hosts that require TLS are rejected when parsed.

use std::net::SocketAddr;

use tokio::time::Instant;

use crate::config::http2::Http2Setting;
use crate::config::invalid_settings::InvalidSettings;
use crate::error::attempt_error::AttemptError;
use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;
use crate::types::io::Io;

/// TLS settings, which cannot exist.
pub(crate) enum Tls {}

/// A handshake, which cannot exist.
pub(crate) enum Handshake {}

impl Handshake {
    #[expect(clippy::unused_async, reason = "same signature as with the feature")]
    pub(crate) async fn perform(
        &self,
        _: Box<dyn Io>,
        _: SocketAddr,
        _: Instant,
    ) -> Result<(Box<dyn Io>, Option<HttpProtocol>, EarlyAlert), AttemptError> {
        match *self {}
    }
}

/// No handshakes.
pub(crate) struct Handshakes;

#[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "same signature as with the feature")]
impl Handshakes {
    pub(crate) fn new(_: Option<Tls>, _: Http2Setting) -> Result<Self, InvalidSettings> {
        Ok(Self)
    }

    pub(crate) fn check(&self, _: &[Coordinator]) -> Result<(), InvalidSettings> {
        Ok(())
    }

    pub(crate) fn of(&self, _: &Coordinator) -> Option<Handshake> {
        None
    }
}

/// No alert.
#[derive(Clone, Default)]
pub(crate) struct EarlyAlert(());

#[expect(clippy::unused_self, reason = "same signature as with the feature")]
impl EarlyAlert {
    pub(crate) fn refusal(&self) -> Option<&str> {
        None
    }

    #[cfg(feature = "http2")]
    pub(crate) fn reset(&self) {}
}
