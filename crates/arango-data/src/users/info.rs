//! Which users there are.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::USER_NOT_FOUND;
use crate::expected_error::accept_error;

/// A user.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct UserInfo {
    /// The name.
    #[serde(rename = "user")]
    pub name: String,
    /// Whether the user may log in.
    pub active: bool,
    /// What programs have stored about the user.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// Lists all users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListUsers;

impl Operation for ListUsers {
    type Output = Vec<UserInfo>;

    const METADATA: Metadata =
        Metadata::get("user.list", "/_api/user").scope(Scope::Database).permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<UserInfo>, OutputError> {
        response.json_result()
    }
}

/// Returns a user; `None` if there is none with this name.
///
/// A user may read itself without further rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetUser {
    /// The name.
    pub name: String,
}

impl Operation for GetUser {
    type Output = Option<UserInfo>;

    const METADATA: Metadata = Metadata::get("user.get", "/_api/user/{user}")
        .scope(Scope::Database)
        .permission(Permission::Admin)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Option<UserInfo>, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, USER_NOT_FOUND).map(|()| None);
        }
        response.json().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_written, read, response};

    #[test]
    fn users_are_listed_and_a_missing_one_is_none() {
        let body =
            r#"{"error":false,"code":200,"result":[{"user":"root","active":true,"extra":{"team":"ops"}}]}"#;
        assert_eq!(read(&ListUsers, body)[0].extra["team"], "ops");
        let ada = GetUser { name: "a/b".to_owned() };
        assert_request(&ada, "GET", "/_api/user/a%2Fb");
        let missing = r#"{"error":true,"code":404,"errorNum":1703,"errorMessage":"user not found"}"#;
        assert_eq!(ada.output(response(404, missing)).unwrap(), None);
        assert!(ada.output(response(404, &missing.replace("1703", "1228"))).is_err());
    }

    #[test]
    fn a_user_is_written_under_the_names_of_the_server() {
        let ada = read(
            &GetUser { name: "ada".to_owned() },
            r#"{"user":"ada","active":true,"extra":{"team":"ops"}}"#,
        );
        assert_written(&ada.unwrap(), &[("/user", "ada".into()), ("/extra/team", "ops".into())]);
    }
}
