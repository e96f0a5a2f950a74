//! Giving the deployment a licence.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::LicenseKey;

/// Says what becomes of a licence that ends earlier than the one that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EarlierLicense {
    /// It is refused.
    #[default]
    Refused,
    /// It is taken nevertheless.
    Taken,
}

/// Gives the deployment a licence.
///
/// # Errors
///
/// 400 for a key that is none, and for one that ends earlier than the one that there is. 501 from servers that were
/// built from source; 403 if the server is hardened and the user is no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLicense<'a> {
    /// The key.
    pub key: &'a LicenseKey,
    /// What becomes of it if it ends earlier than the one that there is.
    pub earlier: EarlierLicense,
}

impl Operation for SetLicense<'_> {
    type Output = ();

    // Permission: any user but on hardened servers, as the server documents it; an administrator can in any case.
    const METADATA: Metadata = Metadata::put("cluster.set_license", "/_admin/license")
        .idempotent() // the same key, written over
        .permission(Permission::Authenticated);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.key.as_str().is_empty() {
            return Err(BuildError::Field { field: "key", reason: "is empty" });
        }
        let draft = RequestBuilder::new(Self::METADATA);
        let draft = if self.earlier == EarlierLicense::Taken { draft.query("force", "true") } else { draft };
        draft.json(self.key).build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        // 201, with the envelope inside of `result`.
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
    use crate::testing::{assert_refuses, assert_sends, response};

    #[test]
    fn the_key_is_a_bare_string() {
        let key = LicenseKey::from("abc");
        let mut set = SetLicense { key: &key, earlier: EarlierLicense::Refused };
        assert_sends(&set, "PUT", "/_admin/license", r#""abc""#);
        set.earlier = EarlierLicense::Taken;
        assert_sends(&set, "PUT", "/_admin/license?force=true", r#""abc""#);
        assert!(set.output(response(201, r#"{"result":{"error":false,"code":201}}"#)).is_ok());
        let none = SetLicense { key: &"".into(), earlier: EarlierLicense::Refused };
        assert_refuses(&none, "`key` is empty");
    }
}
