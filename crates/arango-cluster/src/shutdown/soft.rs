//! Stopping once nobody is left.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::PATH;
use crate::no_payload;

/// Lets the coordinator that answers shut down once nothing lives on it any more.
///
/// It goes on answering, but begins nothing that would have to be kept: no cursor with more than one batch, no
/// transaction, no job. [`GetShutdownProgress`](crate::GetShutdownProgress) tells what it waits for. **It says that it is
/// available all the while**, so whoever asks for this must see to it that nothing new is sent there.
///
/// # Errors
///
/// 403 without write access to `_system`; an error from a server that is no coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoftShutdown;

impl Operation for SoftShutdown {
    type Output = ();

    // Not idempotent, for the reason that a shutdown is not.
    const METADATA: Metadata = Metadata::delete("server.soft_shutdown", PATH)
        .scope(Scope::Coordinator)
        .stops_server()
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("soft", "true").build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        no_payload::ok(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn a_coordinator_is_shut_down_softly() {
        assert_asks(&SoftShutdown, "DELETE", "/_admin/shutdown?soft=true");
        read(&SoftShutdown, r#""OK""#);
    }
}
