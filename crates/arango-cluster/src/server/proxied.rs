//! Asking one server through another.

use arango_protocol::{BuildError, Draft, Facts};
use bytes::Bytes;
use http::Request;

use crate::ServerId;

/// Forms a request that a coordinator passes on to `server`.
pub(crate) fn proxied(facts: Facts, server: &ServerId) -> Result<Request<Bytes>, BuildError> {
    Draft::new(facts).query("ServerID", server.given("server")?.as_str()).finish()
}
