//! A server that speaks another protocol than HTTP/1.1.

/// The protocol in which a server responds to HTTP/1.1. The text contains the advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OtherProtocol {
    /// TLS on a plain connection.
    #[error("the server uses TLS on this port; use https:// instead of http://")]
    Tls,
    /// HTTP/2.
    #[cfg_attr(
        feature = "http2",
        error("the server speaks only HTTP/2 on this port; set `Http2::PriorKnowledge` with `http2`")
    )]
    #[cfg_attr(
        not(feature = "http2"),
        error(
            "the server speaks only HTTP/2 on this port, which needs the feature `http2` of `arango` or of \
             `arango-transport`"
        )
    )]
    Http2,
}

impl OtherProtocol {
    /// Returns the protocol that the first bytes from a server belong to; `None` if it may be HTTP/1.1 or is unknown.
    ///
    /// `tls`: whether they arrived through TLS.
    pub(crate) fn of(first: &[u8], tls: bool) -> Option<Self> {
        match *first {
            // A record with an alert or of a handshake.
            [0x15 | 0x16, ..] if !tls => Some(Self::Tls),
            // A frame of less than 256 bytes, with settings or a GOAWAY.
            [0, 0, _, 0x4 | 0x7, ..] => Some(Self::Http2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_tls_and_http2_from_http1() {
        const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
        const GOAWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";
        for (first, plain, through_tls) in [
            (&b"\x15\x03\x03\0\x02\x02\x46"[..], Some(OtherProtocol::Tls), None),
            (b"\x16", Some(OtherProtocol::Tls), None),
            (SETTINGS, Some(OtherProtocol::Http2), Some(OtherProtocol::Http2)),
            (GOAWAY, Some(OtherProtocol::Http2), Some(OtherProtocol::Http2)),
            (b"HTTP/1.1 200 OK\r\n", None, None),
            (b"SSH-2.0-OpenSSH_9.6\r\n", None, None),
            (b"\0\0", None, None),
            (b"", None, None),
        ] {
            assert_eq!(OtherProtocol::of(first, false), plain, "{first:?}");
            assert_eq!(OtherProtocol::of(first, true), through_tls, "{first:?}");
        }
    }
}
