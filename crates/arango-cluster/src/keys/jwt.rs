//! The secrets that tokens are signed with.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use super::Fingerprint;

/// The secrets that tokens are signed with, by their fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct JwtSecrets {
    /// Signs new tokens.
    pub active: Fingerprint,
    /// Tokens that were signed with these are believed still.
    #[serde(default)]
    pub passive: Vec<Fingerprint>,
}

/// Asks the server that answers which secrets tokens are signed with.
///
/// # Errors
///
/// 403 without a superuser's token. 404 from servers of the community edition before 3.12.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetJwtSecrets;

impl Operation for GetJwtSecrets {
    type Output = JwtSecrets;

    const METADATA: Metadata = Metadata::get("server.jwt_secrets", "/_admin/server/jwt")
        .scope(Scope::Coordinator)
        .permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<JwtSecrets, DecodeError> {
        response.json_result()
    }
}

/// Has the server that answers read the secrets of tokens from its disk again.
///
/// To change a secret, every server must read the new one as passive before any makes it active.
///
/// # Errors
///
/// As [`GetJwtSecrets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReloadJwtSecrets;

impl Operation for ReloadJwtSecrets {
    type Output = JwtSecrets;

    const METADATA: Metadata = Metadata::post("server.reload_jwt_secrets", "/_admin/server/jwt")
        .scope(Scope::Coordinator)
        .idempotent() // what is on the disk is read, however often
        .permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<JwtSecrets, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read, response};

    #[test]
    fn secrets_are_told_by_their_fingerprints() {
        assert_asks(&GetJwtSecrets, "GET", "/_admin/server/jwt");
        assert_asks(&ReloadJwtSecrets, "POST", "/_admin/server/jwt");
        let body =
            r#"{"error":false,"code":200,"result":{"active":{"sha256":"aa"},"passive":[{"sha256":"bb"}]}}"#;
        let secrets = read(&GetJwtSecrets, body);
        assert_eq!((secrets.active.sha256.as_str(), secrets.passive[0].sha256.as_str()), ("aa", "bb"));
        assert_eq!(secrets, read(&ReloadJwtSecrets, body));
        let error = GetJwtSecrets.output(response(200, r#"{"result":{"active":{"sha256":7}}}"#)).unwrap_err();
        assert_eq!(error.path(), "result.active.sha256");
    }
}
