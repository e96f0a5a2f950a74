//! Changing a user.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;
use serde_json::{Map, Value};

use super::info::UserInfo;
use super::password::Password;

/// Changes a user; what is not set stays.
///
/// A user may change itself without further rights.
///
/// # Errors
///
/// 404 with error 1703 if there is no user of the name.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateUser {
    name: String,
    body: Body,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    passwd: Option<Password>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Map<String, Value>>,
}

impl UpdateUser {
    /// Changes nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), body: Body::default() }
    }

    /// Sets the password. Tokens that were issued before stay valid until they expire.
    #[must_use]
    pub fn password(mut self, password: &Password) -> Self {
        self.body.passwd = Some(password.clone());
        self
    }

    /// Lets the user log in.
    #[must_use]
    pub fn activate(mut self) -> Self {
        self.body.active = Some(true);
        self
    }

    /// Does not let the user log in.
    #[must_use]
    pub fn deactivate(mut self) -> Self {
        self.body.active = Some(false);
        self
    }

    /// Adds this to what is stored about the user.
    #[must_use]
    pub fn extra(mut self, extra: Map<String, Value>) -> Self {
        self.body.extra = Some(extra);
        self
    }
}

impl Operation for UpdateUser {
    type Output = UserInfo;

    const METADATA: Metadata = Metadata::patch("user.update", "/_api/user/{user}")
        .scope(Scope::Database)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.name).json(&self.body).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<UserInfo, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read};

    #[test]
    fn only_what_is_set_is_changed() {
        let update = UpdateUser::new("ada").deactivate();
        assert_request_with_body(&update, "PATCH", "/_api/user/ada", r#"{"active":false}"#);
        let password = UpdateUser::new("ada").password(&Password::new("s3cret")).activate();
        assert_request_with_body(
            &password,
            "PATCH",
            "/_api/user/ada",
            r#"{"passwd":"s3cret","active":true}"#,
        );
        assert!(!format!("{password:?}").contains("s3cret"));
        assert!(
            !read(&update, r#"{"user":"ada","active":false,"extra":{},"error":false,"code":200}"#).active
        );
    }
}
