//! Removing a user.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};

use super::USER_NOT_FOUND;
use crate::expected_error::accept_error;

/// Removes a user with all grants.
///
/// A user that is not there is no error. It is sent once: a late copy would remove the next user of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveUser {
    /// The name.
    pub name: String,
}

/// What came of removing a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserRemoval {
    /// It was removed.
    Removed,
    /// It was not there.
    NotFound,
}

impl Operation for RemoveUser {
    type Output = UserRemoval;

    const METADATA: Metadata = Metadata::delete("user.remove", "/_api/user/{user}")
        .scope(Scope::Database)
        .permission(Permission::Admin)
        .accept_statuses(&[404]);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.name).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<UserRemoval, OutputError> {
        if response.status() == StatusCode::NOT_FOUND {
            return accept_error(&response, USER_NOT_FOUND).map(|()| UserRemoval::NotFound);
        }
        response.acknowledged().map(|()| UserRemoval::Removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, response};

    #[test]
    fn a_missing_user_is_no_error() {
        let remove = RemoveUser { name: "ada".to_owned() };
        assert_request(&remove, "DELETE", "/_api/user/ada");
        let output = |status, body: &str| remove.output(response(status, body));
        assert_eq!(output(202, r#"{"error":false,"code":202}"#).unwrap(), UserRemoval::Removed);
        let missing = r#"{"error":true,"code":404,"errorNum":1703,"errorMessage":"user not found"}"#;
        assert_eq!(output(404, missing).unwrap(), UserRemoval::NotFound);
        assert!(output(404, &missing.replace("1703", "404")).is_err());
    }
}
