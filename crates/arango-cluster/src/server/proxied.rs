//! Asking one server through another.

use arango_protocol::{BuildError, Metadata, RequestBuilder};
use bytes::Bytes;
use http::Request;

use crate::{ServerId, ServerRole};

/// The name of a server that a coordinator can ask: agents are not among those.
pub(crate) fn asked(server: &ServerId) -> Result<&str, BuildError> {
    if server.kind() == Some(ServerRole::Agent) {
        let reason = "is the id of an agent, and agents cannot be asked through a coordinator: see health()";
        return Err(BuildError::Field { field: "server", reason });
    }
    Ok(server.given_or_short("server")?.as_str())
}

/// Forms a request that a coordinator passes on to `server`.
pub(crate) fn proxied(facts: Metadata, server: &ServerId) -> Result<Request<Bytes>, BuildError> {
    RequestBuilder::new(facts).query("ServerID", asked(server)?).build()
}
