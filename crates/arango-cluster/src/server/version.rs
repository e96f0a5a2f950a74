//! Which version a server runs.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{ServerId, product, proxied};

/// What runs on a server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VersionInfo {
    /// Always `arango`.
    #[serde(deserialize_with = "product::arango")]
    pub server: String,
    /// `community` or `enterprise`; since 3.12.5 every package says `enterprise`.
    #[serde(default)]
    pub license: String,
    /// Such as `3.12.7-2`, `3.10.0-rc.1` or `4.0.0-devel`.
    ///
    /// Missing if the server is hardened and the user is no administrator.
    pub version: Option<String>,
    /// What it was built with and from, if [asked for](GetVersion::details) and allowed to be seen.
    ///
    /// The server writes all of it as strings, flags as `true` and `false`; some keys hold spaces.
    pub details: Option<BTreeMap<String, String>>,
    /// Versions of the API it speaks, latest first. Empty before 3.12.10.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// Those of them that will go. Empty before 3.12.10.
    #[serde(default)]
    pub deprecated_api_versions: Vec<String>,
    /// The version of the API it was asked in. Missing before 3.12.10.
    pub requested_api_version: Option<String>,
}

/// Asks the server that answers for its version.
///
/// A server that is still starting may answer too (`--server.early-connections`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetVersion {
    /// Whether to also ask for [`VersionInfo::details`].
    pub details: bool,
}

impl Operation for GetVersion {
    type Output = VersionInfo;

    const METADATA: Metadata = Metadata::get("server.version", "/_api/version").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA);
        if self.details { draft.query("details", "true") } else { draft }.build()
    }

    fn output(&self, response: ApiResponse) -> Result<VersionInfo, DecodeError> {
        response.json()
    }
}

/// Asks a coordinator or DB-Server for its version, through whichever coordinator answers.
///
/// The name may also be a short one, such as `DBServer0001`. Agents cannot be asked.
///
/// # Errors
///
/// **503 with error 1478** for a server that is not known: it does not mean that the cluster is
/// overloaded. 408 if the server does not answer the coordinator within 10 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerVersion<'a> {
    /// The server to be asked.
    pub server: &'a ServerId,
}

impl Operation for GetServerVersion<'_> {
    type Output = VersionInfo;

    const METADATA: Metadata =
        Metadata::get("cluster.server_version", "/_admin/cluster/nodeVersion").relayed();

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        proxied(Self::METADATA, self.server)
    }

    fn output(&self, response: ApiResponse) -> Result<VersionInfo, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, read};

    #[test]
    fn details_are_asked_for_only_when_wanted() {
        assert_asks(&GetVersion::default(), "GET", "/_api/version");
        assert_asks(&GetVersion { details: true }, "GET", "/_api/version?details=true");
    }

    #[test]
    fn a_server_is_asked_by_its_name_in_the_spelling_it_wants() {
        let server = ServerId::from("PRMR-1/&");
        let ask = GetServerVersion { server: &server };
        assert_asks(&ask, "GET", "/_admin/cluster/nodeVersion?ServerID=PRMR-1%2F%26");
        assert_refuses(&GetServerVersion { server: &"".into() }, "`server` is empty");
    }

    #[test]
    fn the_answers_of_all_versions_are_read() {
        let old =
            read(&GetVersion::default(), r#"{"server":"arango","license":"enterprise","version":"3.12.5"}"#);
        assert_eq!((old.server.as_str(), old.license.as_str()), ("arango", "enterprise"));
        assert_eq!(old.version.as_deref(), Some("3.12.5"));
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
    fn a_hardened_server_keeps_its_version_to_itself() {
        let hardened = read(&GetVersion::default(), r#"{"server":"arango","license":"community"}"#);
        assert_eq!(hardened.version, None);
    }
}
