//! The certificates that a server shows.

use std::collections::BTreeMap;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The certificates that a server shows and believes. All of it is missing where TLS is not spoken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TlsFiles {
    /// What it shows.
    pub keyfile: Option<TlsKeyfile>,
    /// Whose certificates it believes.
    #[serde(rename = "clientCA")]
    pub client_ca: Option<TlsKeyfile>,
    /// What it shows to those who ask for it by these names.
    #[serde(rename = "SNI")]
    pub by_name: BTreeMap<String, TlsKeyfile>,
}

impl TlsFiles {
    /// Fails if none of them is there, but something else is.
    fn found_in(self, response: &ApiResponse) -> Result<Self, DecodeError> {
        if self == Self::default() && !response.json_result::<Map<String, Value>>()?.is_empty() {
            return Err(response.invalid("none of `keyfile`, `clientCA` and `SNI`"));
        }
        Ok(self)
    }
}

/// A file with certificates, and perhaps with the key of the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TlsKeyfile {
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The certificates in it, in PEM.
    pub certificates: Vec<String>,
    /// SHA-256 of the key in it, in hexadecimal digits.
    pub private_key_sha256: Option<String>,
}

/// Asks the server that answers which certificates it shows and believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetTls;

impl Operation for GetTls {
    type Output = TlsFiles;

    const METADATA: Metadata = Metadata::get("server.tls", "/_admin/server/tls").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<TlsFiles, DecodeError> {
        response.json_result().and_then(|files: TlsFiles| files.found_in(&response))
    }
}

/// Has the server that answers read its certificates from its disk again.
///
/// Connections that are open stay as they are.
///
/// # Errors
///
/// 400 if they cannot be read: it goes on with those that it has. 403 without a superuser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReloadTls;

impl Operation for ReloadTls {
    type Output = TlsFiles;

    const METADATA: Metadata = Metadata::post("server.reload_tls", "/_admin/server/tls")
        .scope(Scope::Coordinator)
        .idempotent() // what is on the disk is read, however often
        .permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<TlsFiles, DecodeError> {
        // The server may also leave out what it has read.
        let files = response.json_result::<Option<TlsFiles>>()?;
        files.map_or_else(|| Ok(TlsFiles::default()), |files| files.found_in(&response))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn certificates_are_told_where_there_are_some() {
        assert_asks(&GetTls, "GET", "/_admin/server/tls");
        assert_asks(&ReloadTls, "POST", "/_admin/server/tls");
        let files = read(
            &GetTls,
            r#"{"error":false,"code":200,"result":{"keyfile":{"sha256":"aa","certificates":["-----BEGIN"],
                "privateKeySha256":"bb"},"clientCA":{"sha256":"cc","certificates":[]},
                "SNI":{"db":{"sha256":"dd","certificates":[]}}}}"#,
        );
        let keyfile = files.keyfile.unwrap();
        assert_eq!((keyfile.sha256.as_str(), keyfile.private_key_sha256.as_deref()), ("aa", Some("bb")));
        assert_eq!(keyfile.certificates, ["-----BEGIN"]);
        assert_eq!(
            (files.client_ca.unwrap().sha256, files.by_name["db"].sha256.as_str()),
            ("cc".into(), "dd")
        );
    }

    #[test]
    fn without_tls_there_is_nothing_to_tell() {
        assert_eq!(read(&GetTls, r#"{"error":false,"code":200,"result":{}}"#), TlsFiles::default());
        assert_eq!(read(&ReloadTls, r#"{"error":false,"code":200}"#), TlsFiles::default());
    }
}
