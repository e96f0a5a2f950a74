//! Setting the licence of the deployment.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::license::LicenseKey;

/// Whether a licence is accepted that expires earlier than the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EarlierExpiryPolicy {
    /// It is refused.
    #[default]
    Reject,
    /// It is accepted.
    Accept,
}

/// Sets the licence of the deployment.
///
/// # Errors
///
/// 400 for an invalid key, and for one that expires earlier than the current one. 501 from servers that were built
/// from source; 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLicense<'a> {
    /// The key.
    pub key: &'a LicenseKey,
    /// Whether it is accepted if it expires earlier than the current one.
    pub earlier_expiry: EarlierExpiryPolicy,
}

impl Operation for SetLicense<'_> {
    type Output = ();

    // Permission: on hardened servers only administrators, otherwise any user, as documented by the server.
    const METADATA: Metadata = Metadata::put("cluster.set_license", "/_admin/license")
        .idempotent() // overwrites the key
        .permission(Permission::Authenticated);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.key.as_str().is_empty() {
            return Err(BuildError::Field { field: "key", reason: "is empty" });
        }
        let builder = RequestBuilder::new(Self::METADATA);
        let builder = if self.earlier_expiry == EarlierExpiryPolicy::Accept {
            builder.query("force", "true")
        } else {
            builder
        };
        builder.json(self.key).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        // 201, with the envelope inside `result`.
        #[derive(Deserialize)]
        struct Body {
            result: Envelope,
        }
        #[derive(Deserialize)]
        struct Envelope {
            error: bool,
        }
        if response.json::<Body>()?.result.error {
            return Err(response.invalid("`result.error` is true"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, response};

    #[test]
    fn the_key_is_a_bare_string() {
        let key = LicenseKey::from("abc");
        let mut set = SetLicense { key: &key, earlier_expiry: EarlierExpiryPolicy::Reject };
        assert_request_with_body(&set, "PUT", "/_admin/license", r#""abc""#);
        set.earlier_expiry = EarlierExpiryPolicy::Accept;
        assert_request_with_body(&set, "PUT", "/_admin/license?force=true", r#""abc""#);
        assert!(set.output(response(201, r#"{"result":{"error":false,"code":201}}"#)).is_ok());
        let none = SetLicense { key: &"".into(), earlier_expiry: EarlierExpiryPolicy::Reject };
        assert_rejected(&none, "`key` is empty");
    }
}
