//! Headers that are the transport's own: they frame a request, or speak of its connection.

use arango_protocol::BuildError;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName};

/// What a request of a caller, or of a caller's layer, must not bring.
///
/// A length that is not the body's cuts it off, or has the server wait for the rest; the others change how it is sent,
/// where it goes, or what becomes of the connection.
static FRAMING: [HeaderName; 11] = [
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    HOST,
    UPGRADE,
    TE,
    TRAILER,
    EXPECT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
];

/// Refuses a request that brings such a header.
pub(crate) fn checked(headers: &HeaderMap) -> Result<(), BuildError> {
    match headers.keys().find(|&name| FRAMING.contains(name)) {
        None => Ok(()),
        Some(name) => Err(BuildError::Header { name: name.clone() }),
    }
}
