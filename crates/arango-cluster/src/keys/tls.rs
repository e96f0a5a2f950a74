//! The TLS certificates of a server.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The certificates that a server presents and trusts.
///
/// Empty if it does not use TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate that it presents.
    pub keyfile: Option<TlsKeyfile>,
    /// The authorities of accepted client certificates.
    #[serde(rename = "clientCA")]
    pub client_ca: Option<TlsKeyfile>,
    /// The certificates that it presents for these server names.
    #[serde(rename = "SNI")]
    pub sni: BTreeMap<String, TlsKeyfile>,
}

impl TlsFiles {
    /// Fails if none of the known fields is present, but another one is.
    #[inline]
    fn validated(self, response: &ApiResponse) -> Result<Self, OutputError> {
        if self == Self::default() && !response.json_result::<Map<String, Value>>()?.is_empty() {
            return Err(response.invalid("none of `keyfile`, `clientCA` and `SNI`"));
        }
        Ok(self)
    }
}

/// A file with certificates, and possibly the key of the first one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TlsKeyfile {
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
    /// The certificates in the file, in PEM.
    pub certificates: Vec<String>,
    /// SHA-256 of the key in the file, in hexadecimal digits.
    pub private_key_sha256: Option<String>,
}

/// Reads the certificates that the responding server presents and trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetTls;

impl Operation for GetTls {
    type Output = TlsFiles;

    const METADATA: Metadata = Metadata::get("server.tls", "/_admin/server/tls").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<TlsFiles, OutputError> {
        response.json_result().and_then(|files: TlsFiles| files.validated(&response))
    }
}

/// Makes the responding server reload its certificates from disk.
///
/// Open connections are not affected.
///
/// # Errors
///
/// 400 if they cannot be loaded: the server keeps its current ones. 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReloadTls;

impl Operation for ReloadTls {
    type Output = TlsFiles;

    const METADATA: Metadata = Metadata::post("server.reload_tls", "/_admin/server/tls")
        .without_body()
        .scope(Scope::Coordinator)
        .idempotent() // each time the same files are loaded
        .permission(Permission::Superuser);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<TlsFiles, OutputError> {
        // The server may omit the result.
        let files = response.json_result::<Option<TlsFiles>>()?;
        files.map_or_else(|| Ok(TlsFiles::default()), |files| files.validated(&response))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn certificates_are_read() {
        assert_request(&GetTls, "GET", "/_admin/server/tls");
        assert_request(&ReloadTls, "POST", "/_admin/server/tls");
        let files = read(
            &GetTls,
            r#"{"error":false,"code":200,"result":{"keyfile":{"sha256":"aa","certificates":["-----BEGIN"],
                "privateKeySha256":"bb"},"clientCA":{"sha256":"cc","certificates":[]},
                "SNI":{"db":{"sha256":"dd","certificates":[]}}}}"#,
        );
        let keyfile = files.keyfile.unwrap();
        assert_eq!((keyfile.sha256.as_str(), keyfile.private_key_sha256.as_deref()), ("aa", Some("bb")));
        assert_eq!(keyfile.certificates, ["-----BEGIN"]);
        assert_eq!((files.client_ca.unwrap().sha256, files.sni["db"].sha256.as_str()), ("cc".into(), "dd"));
    }

    #[test]
    fn without_tls_there_are_no_files() {
        assert_eq!(read(&GetTls, r#"{"error":false,"code":200,"result":{}}"#), TlsFiles::default());
        assert_eq!(read(&ReloadTls, r#"{"error":false,"code":200}"#), TlsFiles::default());
    }
}
