//! Stopping at once.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::PATH;
use crate::no_payload;

/// Says whether a server that shuts down is still one of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Membership {
    /// It is, and is missed.
    #[default]
    Kept,
    /// It takes its leave. The server does not document that it can.
    GivenUp,
}

/// Shuts the server that answers down, about two seconds after it has answered.
///
/// **Whatever lives on it is lost**: its cursors, its transactions, its jobs. [`SoftShutdown`](crate::SoftShutdown) waits
/// for them.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shutdown {
    /// Whether it is still one of the cluster.
    pub membership: Membership,
}

impl Operation for Shutdown {
    type Output = ();

    // Not idempotent: sent to another, a second copy stops a second server; sent to the same, perhaps its next start.
    const METADATA: Metadata = Metadata::delete("server.shutdown", PATH)
        .scope(Scope::Coordinator)
        .stops_server()
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA);
        match self.membership {
            Membership::Kept => draft,
            Membership::GivenUp => draft.query("remove_from_cluster", "1"),
        }
        .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        // The bare string `OK`.
        no_payload::ok(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn a_server_is_shut_down() {
        assert_asks(&Shutdown::default(), "DELETE", PATH);
        let leaving = Shutdown { membership: Membership::GivenUp };
        assert_asks(&leaving, "DELETE", "/_admin/shutdown?remove_from_cluster=1");
        read(&leaving, r#""OK""#);
    }
}
