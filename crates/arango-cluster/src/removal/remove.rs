//! Removing a failed server.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;

use super::ServerBody;
use crate::server::ServerId;
use crate::types::no_payload::is_empty_of_arangodb;

/// Removes a failed coordinator, or a failed DB-Server that holds nothing.
///
/// The server must have [failed](crate::HealthStatus::Failed);
/// [`can_be_deleted`](crate::ServerHealth::can_be_deleted) shows whether it can be removed. The coordinator tries for
/// up to 60 seconds, once a second; hence the server timeout of 75 seconds.
///
/// A success has no body. It counts only if a header names ArangoDB, because a proxy may send an empty success, too: servers
/// before 3.12 leave out these headers if both `--http.hide-product-header` is true and `--http.return-queue-time-header`
/// is false, and the outcome is then unknown.
///
/// # Errors
///
/// 404 if there is no such server, which is also the response to a repeated request. 412 if it cannot be removed: it
/// has not failed, or still holds shards. 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveServer<'a> {
    /// The coordinator or DB-Server, by its id or its short name.
    pub server: &'a ServerId,
}

impl Operation for RemoveServer<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::post("cluster.remove_server", "/_admin/cluster/removeServer")
        .idempotent() // the server is removed afterwards; only the status of a repeated request is 404
        .server_timeout(Duration::from_secs(75))
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .json(&ServerBody { server: self.server.checked_id_or_short_name("server")? })
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        // The body is empty, not even JSON.
        response.empty()?;
        if is_empty_of_arangodb(&response) {
            Ok(())
        } else {
            Err(response.invalid("no body, and no header that names ArangoDB"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{arangodb_response, assert_rejected, assert_request_with_body, response};

    #[test]
    fn a_success_has_no_body_at_all_and_is_one_only_of_arangodb() {
        let server = ServerId::from("PRMR-1");
        let remove = RemoveServer { server: &server };
        assert_request_with_body(&remove, "POST", "/_admin/cluster/removeServer", r#"{"server":"PRMR-1"}"#);
        assert!(remove.output(arangodb_response(200, "")).is_ok());
        for other in [response(200, ""), arangodb_response(200, "{}"), arangodb_response(200, "ok")] {
            assert!(remove.output(other).is_err());
        }
        assert_rejected(&RemoveServer { server: &"".into() }, "`server` is empty");
    }
}
