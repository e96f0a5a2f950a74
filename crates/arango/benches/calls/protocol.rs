//! The protocol of the requests.

use clap::ValueEnum;

/// The protocol of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// HTTP/1.1 over TCP.
    Plain,
    /// HTTP/1.1 over TLS 1.3.
    Tls,
    /// HTTP/2 over TCP.
    #[cfg(feature = "http2")]
    Http2,
}

impl Protocol {
    /// The compared protocols. With HTTP/2 compiled in only HTTP/2, since its presence makes HTTP/1.1 slower.
    #[cfg(feature = "http2")]
    pub(crate) const COMPARED: [Self; 1] = [Self::Http2];
    #[cfg(not(feature = "http2"))]
    pub(crate) const COMPARED: [Self; 2] = [Self::Plain, Self::Tls];

    /// Returns its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
            #[cfg(feature = "http2")]
            Self::Http2 => "http2",
        }
    }

    /// Returns the suffix of an endpoint's name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Tls => " over TLS",
            #[cfg(feature = "http2")]
            Self::Http2 => " over HTTP/2",
        }
    }
}
