//! HTTP versions.

/// The HTTP version of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpProtocol {
    /// HTTP/1.1: one request at a time.
    Http1,
    /// HTTP/2: concurrent requests, one stream each.
    Http2,
}

impl HttpProtocol {
    /// Returns its ALPN protocol identifier.
    #[cfg(feature = "rustls")]
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// Returns the version as the OpenTelemetry conventions write it.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
        }
    }
}
