//! Removing a server that has failed.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;

use super::Named;
use crate::ServerId;

/// Removes a server from the cluster: a coordinator or DB-Server that has [failed](crate::HealthStatus::Failed) and
/// holds nothing, which is told by [`can_be_deleted`](crate::ServerHealth::can_be_deleted).
///
/// The server tries for up to 60 seconds, once a second; hence a patience of 75 seconds.
///
/// # Errors
///
/// 404 if there is no such server, which is also the answer to a second time. 412 if it may not be removed: it has not
/// failed, or holds something still. 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveServer<'a> {
    /// The coordinator or DB-Server, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for RemoveServer<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.remove_server", "/_admin/cluster/removeServer")
        .idempotent() // it is gone; only the answer to a second time is 404
        .server_timeout(Duration::from_secs(75))
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&Named { server: self.server.given_or_short("server")? })
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        // The body is empty: not even JSON.
        response.empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_refuses, assert_sends, read};

    #[test]
    fn a_success_has_no_body_at_all() {
        let server = ServerId::from("PRMR-1");
        let remove = RemoveServer { server: &server };
        assert_sends(&remove, "POST", "/_admin/cluster/removeServer", r#"{"server":"PRMR-1"}"#);
        read(&remove, "");
        assert_refuses(&RemoveServer { server: &"".into() }, "`server` is empty");
    }
}
