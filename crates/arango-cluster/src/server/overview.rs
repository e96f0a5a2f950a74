//! The server that answers, in a few words.

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{ServerRole, StorageEngine};

/// A server in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct StatusOverview {
    /// Such as `3.12.7-2`.
    pub version: Option<String>,
    /// The operating system, such as `linux`.
    #[serde(default)]
    pub platform: String,
    /// `community` or `enterprise`; since 3.12.5 every package says `enterprise`.
    #[serde(default)]
    pub license: String,
    /// Its storage engine.
    pub engine: StorageEngine,
    /// What it is for.
    pub role: ServerRole,
    /// What only the server's makers can read.
    #[serde(default)]
    pub hash: String,
}

/// Asks the server that answers what it is, in a few words.
///
/// # Errors
///
/// 403 if the server is hardened and the user is no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetStatusOverview;

impl Operation for GetStatusOverview {
    type Output = StatusOverview;

    const METADATA: Metadata =
        Metadata::get("server.status_overview", "/_admin/status").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).query("overview", "true").build()
    }

    fn output(&self, response: ApiResponse) -> Result<StatusOverview, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn a_server_is_told_in_a_few_words() {
        assert_asks(&GetStatusOverview, "GET", "/_admin/status?overview=true");
        let overview = read(
            &GetStatusOverview,
            r#"{"version":"3.12.5","platform":"linux","license":"enterprise","engine":"rocksdb",
                "role":"COORDINATOR","hash":"dGVzdA=="}"#,
        );
        assert_eq!((overview.platform.as_str(), overview.role), ("linux", ServerRole::Coordinator));
        assert_eq!((overview.engine, overview.hash.as_str()), (StorageEngine::RocksDb, "dGVzdA=="));
    }
}
