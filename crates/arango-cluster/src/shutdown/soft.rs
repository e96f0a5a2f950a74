//! Soft shutdown.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::PATH;
use crate::types::no_payload;

/// Shuts down the responding coordinator once its work has ended.
///
/// It waits for its cursors, transactions and jobs to end. It keeps serving requests, but rejects those that would
/// create state: no cursor with more than one batch, no transaction, no job.
/// [`GetShutdownProgress`](crate::GetShutdownProgress) shows what it waits for. **It reports itself as available all
/// the while**, so the caller must stop sending new requests there.
///
/// # Errors
///
/// 403 without write access to `_system`; an error from a server other than a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoftShutdown;

impl Operation for SoftShutdown {
    type Output = ();

    // Not idempotent, for the same reason as `Shutdown`.
    const METADATA: Metadata = Metadata::delete("server.soft_shutdown", PATH)
        .scope(Scope::Coordinator)
        .stops_server()
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("soft", "true").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        no_payload::expect_ok(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_coordinator_is_shut_down_softly() {
        assert_request(&SoftShutdown, "DELETE", "/_admin/shutdown?soft=true");
        read(&SoftShutdown, r#""OK""#);
    }
}
