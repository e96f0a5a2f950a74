//! The encryption keys of stored data.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::Deserialize;

use super::Fingerprint;

/// Makes the responding server reload its encryption keys from disk.
///
/// The server also rotates to them. **Coordinators hold no data and refuse it with 404**: it is meant for DB-Servers
/// and single servers, called directly.
///
/// # Errors
///
/// 404 if data is not encrypted, and from servers of the community edition before 3.12.5; 403 without a superuser
/// token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RotateEncryptionKeys;

impl Operation for RotateEncryptionKeys {
    type Output = Vec<Fingerprint>;

    const METADATA: Metadata = Metadata::post("server.rotate_encryption_keys", "/_admin/server/encryption")
        .without_body()
        .scope(Scope::Coordinator) // not idempotent: the effect of a repeated rotation is not documented
        .permission(Permission::Superuser);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<Fingerprint>, OutputError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Body {
            encryption_keys: Vec<Fingerprint>,
        }
        response.json_result::<Body>().map(|body| body.encryption_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn keys_are_read_as_fingerprints() {
        assert_request(&RotateEncryptionKeys, "POST", "/_admin/server/encryption");
        let body = r#"{"error":false,"code":200,"result":{"encryption-keys":[{"sha256":"aa"}]}}"#;
        assert_eq!(read(&RotateEncryptionKeys, body)[0].sha256, "aa");
    }
}
