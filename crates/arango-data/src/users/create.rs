//! Creating a user.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, RequestClass,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::DUPLICATE_USER;
use super::info::UserInfo;
use super::password::Password;
use crate::expected_error::{accept_error, server_error};

/// Creates a user, without access to any database.
///
/// # Errors
///
/// 409 with error 1702 if there is a user of the name, see [`if_missing`](Self::if_missing).
#[derive(Debug, Clone, PartialEq)]
pub struct CreateUser {
    body: Body,
    if_missing: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Body {
    user: String,
    passwd: Password,
    active: bool,
    #[serde(skip_serializing_if = "Map::is_empty")]
    extra: Map<String, Value>,
}

/// The result of creating a user: it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserCreation {
    /// It was created.
    Created,
    /// It existed before, perhaps with another password.
    Existed,
}

impl CreateUser {
    /// Creates a user with this name and password.
    #[must_use]
    pub fn new(name: impl Into<String>, password: &Password) -> Self {
        let body = Body { user: name.into(), passwd: password.clone(), active: true, extra: Map::new() };
        Self { body, if_missing: false }
    }

    /// Succeeds if the user exists. Neither its password nor anything else is changed then.
    ///
    /// The request can then be repeated.
    #[must_use]
    pub fn if_missing(mut self) -> Self {
        self.if_missing = true;
        self
    }

    /// Does not let the user log in.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.body.active = false;
        self
    }

    /// Stores this about the user.
    #[must_use]
    pub fn extra(mut self, extra: Map<String, Value>) -> Self {
        self.body.extra = extra;
        self
    }
}

impl Operation for CreateUser {
    type Output = UserCreation;

    const METADATA: Metadata = Metadata::post("user.create", "/_api/user")
        .scope(Scope::Database)
        .permission(Permission::Admin)
        .accept_statuses(&[409]);

    #[inline]
    fn properties(&self) -> RequestProperties {
        let class = if self.if_missing { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        RequestProperties::of(&Self::METADATA).class(class)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.body.user.is_empty() {
            return Err(BuildError::Field { field: "user", reason: "is empty" });
        }
        RequestBuilder::new(Self::METADATA).json(&self.body).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<UserCreation, OutputError> {
        if response.status() != StatusCode::CONFLICT {
            return response.json::<UserInfo>().map(|_| UserCreation::Created);
        }
        if !self.if_missing {
            return Err(server_error(&response));
        }
        accept_error(&response, DUPLICATE_USER).map(|()| UserCreation::Existed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, response};

    fn ada() -> CreateUser {
        CreateUser::new("ada", &Password::new("s3cret"))
    }

    #[test]
    fn the_password_is_sent_and_not_printed() {
        let body = r#"{"user":"ada","passwd":"s3cret","active":true}"#;
        assert_request_with_body(&ada(), "POST", "/_api/user", body);
        assert!(!format!("{:?}", ada()).contains("s3cret"));
        assert_rejected(&CreateUser::new("", &Password::new("")), "`user` is empty");
    }

    #[test]
    fn an_existing_user_is_an_error_unless_it_may_exist() {
        let exists = r#"{"error":true,"code":409,"errorNum":1702,"errorMessage":"duplicate user"}"#;
        assert!(ada().output(response(409, exists)).is_err());
        assert_eq!(ada().if_missing().output(response(409, exists)).unwrap(), UserCreation::Existed);
        assert!(ada().if_missing().output(response(409, &exists.replace("1702", "1210"))).is_err());
        let created = r#"{"user":"ada","active":true,"extra":{},"error":false,"code":201}"#;
        assert_eq!(ada().output(response(201, created)).unwrap(), UserCreation::Created);
        assert_eq!(ada().if_missing().properties().class, RequestClass::Fenced);
        assert_eq!(ada().properties().class, RequestClass::NonIdempotent);
    }
}
