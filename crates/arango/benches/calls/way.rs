//! What the requests go over.

use clap::ValueEnum;

/// What the requests go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// HTTP/1.1 over TCP.
    Plain,
    /// HTTP/1.1 over TLS 1.3.
    Tls,
    /// HTTP/2 over TCP.
    #[cfg(feature = "http2")]
    Http2,
}

impl Way {
    /// Those that are compared: HTTP/2 alone where it is compiled in, since it makes HTTP/1.1 dearer by being there.
    #[cfg(feature = "http2")]
    pub(crate) const COMPARED: [Self; 1] = [Self::Http2];
    #[cfg(not(feature = "http2"))]
    pub(crate) const COMPARED: [Self; 2] = [Self::Plain, Self::Tls];

    /// Its name on a command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
            #[cfg(feature = "http2")]
            Self::Http2 => "http2",
        }
    }

    /// What it adds to the name of a question.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Tls => " over TLS",
            #[cfg(feature = "http2")]
            Self::Http2 => " over HTTP/2",
        }
    }
}
