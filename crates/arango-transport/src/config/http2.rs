//! The choice between HTTP/1.1 and HTTP/2.

use std::sync::Arc;

use crate::types::coordinator::Coordinator;
use crate::types::http_protocol::HttpProtocol;

/// Selects whether connections to a coordinator use HTTP/2.
///
/// Over HTTP/2 up to 32 requests share a connection, so few connections are opened under high
/// concurrency, and an abandoned request does not close its connection. Over HTTP/1.1 each
/// request uses a connection exclusively, which costs less per request and avoids waiting for the frames of
/// other requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Http2 {
    /// Uses HTTP/1.1 only. The default.
    #[default]
    Disabled,
    /// Negotiates HTTP/2 by ALPN in the TLS handshake.
    ///
    /// Without TLS, HTTP/1.1 is used.
    Negotiated,
    /// Uses HTTP/2 from the first byte.
    ///
    /// No request is sent to a coordinator that does not respond in HTTP/2.
    PriorKnowledge,
}

impl Http2 {
    /// Returns the protocols to offer by ALPN, the preferred one first.
    #[cfg(feature = "rustls")]
    pub(crate) fn alpn_protocols(self) -> &'static [HttpProtocol] {
        match self {
            Self::Disabled => &[HttpProtocol::Http1],
            Self::Negotiated => &[HttpProtocol::Http2, HttpProtocol::Http1],
            Self::PriorKnowledge => &[HttpProtocol::Http2],
        }
    }

    /// Returns the protocol to use; `None` if it is negotiated, which requires TLS.
    pub(crate) fn protocol(self, tls: bool) -> Option<HttpProtocol> {
        match self {
            Self::Negotiated if tls => None,
            Self::Negotiated | Self::Disabled => Some(HttpProtocol::Http1),
            Self::PriorKnowledge => Some(HttpProtocol::Http2),
        }
    }
}

/// The HTTP/2 setting of each coordinator.
#[derive(Clone)]
pub(crate) struct Http2Setting(Arc<dyn Fn(&Coordinator) -> Http2 + Send + Sync>);

impl Http2Setting {
    pub(crate) fn new(choice: impl Fn(&Coordinator) -> Http2 + Send + Sync + 'static) -> Self {
        Self(Arc::new(choice))
    }

    pub(crate) fn for_coordinator(&self, coordinator: &Coordinator) -> Http2 {
        (self.0)(coordinator)
    }
}

impl Default for Http2Setting {
    fn default() -> Self {
        Self::new(|_| Http2::default())
    }
}
