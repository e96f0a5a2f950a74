//! Asking one server through another.

use arango_protocol::{BuildError, Draft, Facts};
use bytes::Bytes;
use http::Request;

use crate::ServerId;

/// Forms a request that a coordinator passes on to `server`.
pub(crate) fn proxied(facts: Facts, server: &ServerId) -> Result<Request<Bytes>, BuildError> {
    // The server would answer 400 to a missing name; the caller's mistake is found sooner here.
    if server.as_str().is_empty() {
        return Err(BuildError::Field { field: "server", reason: "is empty" });
    }
    Draft::new(facts).query("ServerID", server.as_str()).finish()
}
