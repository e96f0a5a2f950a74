//! Requests that a coordinator relays to another server.

use arango_protocol::{BuildError, Metadata, RequestBuilder};
use bytes::Bytes;
use http::Request;

use crate::server::{ServerId, ServerRole};

/// Returns a server name that a coordinator can relay to. Agents are excluded.
#[inline]
pub(crate) fn server_param(server: &ServerId) -> Result<&str, BuildError> {
    if server.kind() == Some(ServerRole::Agent) {
        let reason = "is the id of an agent, and a coordinator relays no requests to agents: see health()";
        return Err(BuildError::Field { field: "server", reason });
    }
    Ok(server.checked_id_or_short_name("server")?.as_str())
}

/// Builds a request that a coordinator relays to `server`.
#[inline]
pub(crate) fn proxied_request(metadata: Metadata, server: &ServerId) -> Result<Request<Bytes>, BuildError> {
    RequestBuilder::new(metadata).query("ServerID", server_param(server)?).build()
}
