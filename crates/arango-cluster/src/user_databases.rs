//! The databases in which a user has rights.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Lists the databases in which a user has rights.
///
/// Allowed for the user itself. Only for discovery, so it is not among the public operations of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetUserDatabases {
    /// The user.
    pub user: String,
}

impl Operation for GetUserDatabases {
    type Output = Vec<String>;

    const METADATA: Metadata = Metadata::get("user.databases", "/_api/user/{user}/database");

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.user).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<String>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            /// Access levels by database name; databases without access are omitted.
            result: BTreeMap<String, String>,
        }
        let databases = response.json::<Body>()?.result.into_iter();
        // `*` is the default for all other databases.
        Ok(databases.filter(|(name, grant)| name != "*" && grant != "none").map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn databases_with_a_grant_are_listed() {
        let own = GetUserDatabases { user: "an/na".to_owned() };
        assert_request(&own, "GET", "/_api/user/an%2Fna/database");
        let body = r#"{"error":false,"code":200,"result":{"shop":"rw","*":"ro","other":"none","a":"ro"}}"#;
        assert_eq!(read(&own, body), ["a", "shop"]);
    }
}
