//! The version of a server.

use std::collections::BTreeMap;
use std::fmt;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, Scope, ServerVersion,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::server::{ServerId, proxied_request};
use crate::types::product_name;

/// Product, edition and version of a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VersionInfo {
    /// Always `arango`.
    #[serde(deserialize_with = "product_name::require_arango")]
    pub server: String,
    /// `community` or `enterprise`; since 3.12.5 every package reports `enterprise`.
    #[serde(default)]
    pub license: String,
    /// The version, such as `3.12.7-2`, `3.10.0-rc.1` or `4.0.0-devel`.
    ///
    /// Missing if the server is hardened and the user is not an administrator.
    pub version: Option<String>,
    /// Details of the build, if [requested](GetVersion::details) and permitted.
    ///
    /// The server writes all values as strings, flags as `true` and `false`; some keys contain spaces.
    pub details: Option<BTreeMap<String, String>>,
    /// The supported API versions, latest first. Empty before 3.12.10.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// The deprecated API versions among them. Empty before 3.12.10.
    #[serde(default)]
    pub deprecated_api_versions: Vec<String>,
    /// The API version of the request. Missing before 3.12.10.
    pub requested_api_version: Option<String>,
}

impl VersionInfo {
    /// Returns the version for comparison; `None` if it is missing or not a version.
    ///
    /// ```
    /// # let version: arango_cluster::VersionInfo =
    /// #     serde_json::from_str(r#"{"server":"arango","version":"3.12.5"}"#)?;
    /// assert!(version.parsed() >= "3.12.4".parse().ok());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn parsed(&self) -> Option<ServerVersion> {
        self.version.as_deref()?.parse().ok()
    }
}

/// Writes the version and the edition: `3.12.5 (enterprise)`.
impl fmt::Display for VersionInfo {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version.as_deref().unwrap_or("unknown version"))?;
        if self.license.is_empty() { Ok(()) } else { write!(f, " ({})", self.license) }
    }
}

/// Reads the version of the responding server.
///
/// A server that is still starting may respond too (`--server.early-connections`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetVersion {
    /// Whether to request [`VersionInfo::details`].
    pub details: bool,
}

impl Operation for GetVersion {
    type Output = VersionInfo;

    const METADATA: Metadata = Metadata::get("server.version", "/_api/version").scope(Scope::Coordinator);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        if self.details { builder.query("details", "true").build() } else { builder.build() }
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<VersionInfo, OutputError> {
        response.json()
    }
}

/// Reads the version of a coordinator or DB-Server, through any coordinator.
///
/// The server can also be named by its short name, such as `DBServer0001`. Agents are not supported.
///
/// # Errors
///
/// **503 with error 1478** for an unknown server: it does not mean that the cluster is overloaded. 408 if the server
/// does not respond to the coordinator within 10 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerVersion<'a> {
    /// The server.
    pub server: &'a ServerId,
}

impl Operation for GetServerVersion<'_> {
    type Output = VersionInfo;

    const METADATA: Metadata =
        Metadata::get("cluster.server_version", "/_admin/cluster/nodeVersion").relayed();

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied_request(Self::METADATA, self.server)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<VersionInfo, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn details_are_requested_only_on_demand() {
        assert_request(&GetVersion::default(), "GET", "/_api/version");
        assert_request(&GetVersion { details: true }, "GET", "/_api/version?details=true");
    }

    #[test]
    fn a_server_version_request_names_the_server() {
        let server = ServerId::from("PRMR-1/&");
        let operation = GetServerVersion { server: &server };
        assert_request(&operation, "GET", "/_admin/cluster/nodeVersion?ServerID=PRMR-1%2F%26");
        assert_rejected(&GetServerVersion { server: &"".into() }, "`server` is empty");
    }

    #[test]
    fn the_responses_of_all_versions_are_read() {
        let old =
            read(&GetVersion::default(), r#"{"server":"arango","license":"enterprise","version":"3.12.5"}"#);
        assert_eq!((old.server.as_str(), old.license.as_str()), ("arango", "enterprise"));
        assert_eq!(old.version.as_deref(), Some("3.12.5"));
        assert_eq!(
            (old.parsed(), old.to_string()),
            ("3.12.5".parse().ok(), "3.12.5 (enterprise)".to_owned())
        );
        assert_eq!((old.details, old.requested_api_version), (None, None));

        let new = read(
            &GetServerVersion { server: &"CRDN-1".into() },
            r#"{"server":"arango","license":"enterprise","version":"4.0.0-devel","apiVersions":["v1"],
                "deprecatedApiVersions":[],"requestedApiVersion":"v1",
                "details":{"sizeof int":"4","role":"COORDINATOR","asan":"false"}}"#,
        );
        assert_eq!(new.api_versions, ["v1"]);
        assert_eq!(new.requested_api_version.as_deref(), Some("v1"));
        assert_eq!(new.details.unwrap()["sizeof int"], "4");
    }

    #[test]
    fn a_hardened_server_hides_its_version() {
        let hardened = read(&GetVersion::default(), r#"{"server":"arango","license":"community"}"#);
        assert_eq!((hardened.version.as_deref(), hardened.parsed()), (None, None));
        assert_eq!(hardened.to_string(), "unknown version (community)");
    }
}
