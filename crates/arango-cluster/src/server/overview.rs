//! The short status of a server.

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::server::{ServerRole, StorageEngine};

/// The short status of a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StatusOverview {
    /// The version, such as `3.12.7-2`.
    pub version: Option<String>,
    /// The operating system, such as `linux`.
    #[serde(default)]
    pub platform: String,
    /// `community` or `enterprise`; since 3.12.5 every package reports `enterprise`.
    #[serde(default)]
    pub license: String,
    /// The storage engine.
    pub engine: StorageEngine,
    /// The role.
    pub role: ServerRole,
    /// A value that only the vendor can read.
    #[serde(default)]
    pub hash: String,
}

/// Reads the short status of the responding server.
///
/// # Errors
///
/// 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatusOverview;

impl Operation for GetStatusOverview {
    type Output = StatusOverview;

    const METADATA: Metadata =
        Metadata::get("server.status_overview", "/_admin/status").scope(Scope::Coordinator);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("overview", "true").build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<StatusOverview, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn the_status_overview_is_read() {
        assert_request(&GetStatusOverview, "GET", "/_admin/status?overview=true");
        let overview = read(
            &GetStatusOverview,
            r#"{"version":"3.12.5","platform":"linux","license":"enterprise","engine":"rocksdb",
                "role":"COORDINATOR","hash":"dGVzdA=="}"#,
        );
        assert_eq!((overview.platform.as_str(), overview.role), ("linux", ServerRole::Coordinator));
        assert_eq!((overview.engine, overview.hash.as_str()), (StorageEngine::RocksDb, "dGVzdA=="));
    }
}
