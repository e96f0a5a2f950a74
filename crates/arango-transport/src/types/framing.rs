//! What only the transport may set: the target, request framing and connection control.

use arango_protocol::BuildError;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName};

/// Headers that a caller or a custom layer must not set on a request.
///
/// A wrong `Content-Length` truncates the body or makes the server wait for missing bytes. The other headers change the
/// framing, the target or the state of the connection.
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

/// Rejects a request with a host in its URI, which names a target as the header `Host` does, or with such headers.
pub(crate) fn reject(names_host: bool, headers: Option<&HeaderMap>) -> Result<(), BuildError> {
    if names_host {
        let reason = "must have a path and no host: the client picks the coordinator";
        return Err(BuildError::Field { field: "uri", reason });
    }
    headers.map_or(Ok(()), reject_framing_headers)
}

/// Rejects headers that only the transport may set.
fn reject_framing_headers(headers: &HeaderMap) -> Result<(), BuildError> {
    match headers.keys().find(|&name| FRAMING.contains(name)) {
        None => Ok(()),
        Some(name) => Err(BuildError::Header { name: name.clone() }),
    }
}
