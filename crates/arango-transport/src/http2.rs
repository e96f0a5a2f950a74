//! Which HTTP is spoken with whom.

use std::sync::Arc;

use crate::{Coordinator, HttpProtocol};

/// Whether HTTP/2 is spoken with a coordinator.
///
/// Over HTTP/2 up to 32 requests share a connection, so few are opened however much is under way, and a
/// request that is given up leaves its connection to the others. Over HTTP/1.1 each request has one to
/// itself, which costs less for each and lets none wait for another's frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Http2 {
    /// Never. The default.
    #[default]
    Never,
    /// If both agree on it while TLS begins; where there is no TLS, HTTP/1.1 is spoken.
    Negotiated,
    /// From the first byte on. No request is sent to a coordinator that does not answer in HTTP/2.
    PriorKnowledge,
}

impl Http2 {
    /// What is offered to a coordinator while TLS begins, the one that is preferred first.
    #[cfg(feature = "tls")]
    pub(crate) fn offers(self) -> &'static [HttpProtocol] {
        match self {
            Self::Never => &[HttpProtocol::Http1],
            Self::Negotiated => &[HttpProtocol::Http2, HttpProtocol::Http1],
            Self::PriorKnowledge => &[HttpProtocol::Http2],
        }
    }

    /// What is spoken; `None` if that is negotiated, which takes TLS.
    pub(crate) fn protocol(self, tls: bool) -> Option<HttpProtocol> {
        match self {
            Self::Negotiated if tls => None,
            Self::Negotiated | Self::Never => Some(HttpProtocol::Http1),
            Self::PriorKnowledge => Some(HttpProtocol::Http2),
        }
    }
}

/// The choice for each coordinator.
#[derive(Clone)]
pub(crate) struct Choice(Arc<dyn Fn(&Coordinator) -> Http2 + Send + Sync>);

impl Choice {
    pub(crate) fn new(choice: impl Fn(&Coordinator) -> Http2 + Send + Sync + 'static) -> Self {
        Self(Arc::new(choice))
    }

    pub(crate) fn of(&self, coordinator: &Coordinator) -> Http2 {
        (self.0)(coordinator)
    }
}

impl Default for Choice {
    fn default() -> Self {
        Self::new(|_| Http2::default())
    }
}

#[cfg(feature = "http2")]
impl crate::TransportBuilder {
    /// Sets whether HTTP/2 is spoken with the coordinators. Default: [`Http2::Never`].
    pub fn http2(self, http2: Http2) -> Self {
        self.http2_with(move |_| http2)
    }

    /// Sets for each coordinator whether HTTP/2 is spoken with it.
    ///
    /// ```
    /// use arango_transport::{Coordinator, Http2, Transport};
    ///
    /// let transport = Transport::builder("http://one:8529,http://two:8529")
    ///     .http2_with(|coordinator: &Coordinator| match coordinator.as_str() {
    ///         "http://one:8529" => Http2::PriorKnowledge,
    ///         _ => Http2::Negotiated,
    ///     })
    ///     .build()?;
    /// # drop(transport);
    /// # Ok::<(), arango_transport::InvalidSettings>(())
    /// ```
    pub fn http2_with(mut self, http2: impl Fn(&Coordinator) -> Http2 + Send + Sync + 'static) -> Self {
        self.parts.network.http2 = Choice::new(http2);
        self
    }
}
