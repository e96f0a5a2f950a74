//! Immediate shutdown.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;

use super::PATH;
use crate::types::no_payload;

/// Whether a server that shuts down stays a member of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ClusterMembership {
    /// It stays a member, and its absence is noticed.
    #[default]
    Keep,
    /// It leaves the cluster. The server does not document that it can.
    Remove,
}

/// Shuts down the responding server, about two seconds after its response.
///
/// **Its cursors, transactions and jobs are lost.** [`SoftShutdown`](crate::SoftShutdown) waits for them.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shutdown {
    /// Whether it stays a member of the cluster.
    pub membership: ClusterMembership,
}

impl Operation for Shutdown {
    type Output = ();

    // Not idempotent: a repeated request could stop a second server, or the restarted one.
    const METADATA: Metadata = Metadata::delete("server.shutdown", PATH)
        .scope(Scope::Coordinator)
        .stops_server()
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        match self.membership {
            ClusterMembership::Keep => builder,
            ClusterMembership::Remove => builder.query("remove_from_cluster", "1"),
        }
        .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        // The bare string `OK`.
        no_payload::expect_ok(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_server_is_shut_down() {
        assert_request(&Shutdown::default(), "DELETE", PATH);
        let leaving = Shutdown { membership: ClusterMembership::Remove };
        assert_request(&leaving, "DELETE", "/_admin/shutdown?remove_from_cluster=1");
        read(&leaving, r#""OK""#);
    }
}
