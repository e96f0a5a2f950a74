//! The secrets that sign tokens.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::{Deserialize, Serialize};

use super::Fingerprint;

/// The fingerprints of the secrets that sign tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct JwtSecrets {
    /// The secret that signs new tokens.
    pub active: Fingerprint,
    /// Secrets whose tokens are still accepted.
    #[serde(default)]
    pub passive: Vec<Fingerprint>,
}

/// Reads the fingerprints of the responding server's token secrets.
///
/// # Errors
///
/// 403 without a superuser token. 404 from servers of the community edition before 3.12.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetJwtSecrets;

impl Operation for GetJwtSecrets {
    type Output = JwtSecrets;

    const METADATA: Metadata = Metadata::get("server.jwt_secrets", "/_admin/server/jwt")
        .scope(Scope::Coordinator)
        .permission(Permission::Superuser);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<JwtSecrets, OutputError> {
        response.json_result()
    }
}

/// Makes the responding server reload its token secrets from disk.
///
/// To change a secret, every server must load the new one as passive before any server makes it active.
///
/// # Errors
///
/// As [`GetJwtSecrets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReloadJwtSecrets;

impl Operation for ReloadJwtSecrets {
    type Output = JwtSecrets;

    const METADATA: Metadata = Metadata::post("server.reload_jwt_secrets", "/_admin/server/jwt")
        .without_body()
        .scope(Scope::Coordinator)
        .idempotent() // each time the same files are loaded
        .permission(Permission::Superuser);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<JwtSecrets, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn secrets_are_read_as_fingerprints() {
        assert_request(&GetJwtSecrets, "GET", "/_admin/server/jwt");
        assert_request(&ReloadJwtSecrets, "POST", "/_admin/server/jwt");
        let body =
            r#"{"error":false,"code":200,"result":{"active":{"sha256":"aa"},"passive":[{"sha256":"bb"}]}}"#;
        let secrets = read(&GetJwtSecrets, body);
        assert_eq!((secrets.active.sha256.as_str(), secrets.passive[0].sha256.as_str()), ("aa", "bb"));
        assert_eq!(secrets, read(&ReloadJwtSecrets, body));
        let error = GetJwtSecrets.output(response(200, r#"{"result":{"active":{"sha256":7}}}"#)).unwrap_err();
        assert_eq!(error.path(), "result.active.sha256");
    }
}
