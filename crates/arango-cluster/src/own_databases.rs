//! In which databases a user has rights.

use std::collections::BTreeMap;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Asks for the names of the databases in which a user has rights. Every user may ask that of itself.
///
/// For discovery alone, so it is not among the operations of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetOwnDatabases {
    /// The user.
    pub user: String,
}

impl Operation for GetOwnDatabases {
    type Output = Vec<String>;

    const METADATA: Metadata = Metadata::get("user.databases", "/_api/user/{user}/database");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.user).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Vec<String>, DecodeError> {
        #[derive(Deserialize)]
        struct Body {
            /// By name, and without those in which there are no rights.
            result: BTreeMap<String, String>,
        }
        let databases = response.json::<Body>()?.result.into_iter();
        // The grant for all others is listed among them.
        Ok(databases.filter(|(name, grant)| name != "*" && grant != "none").map(|(name, _)| name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn the_databases_in_which_there_are_rights_are_named() {
        let own = GetOwnDatabases { user: "an/na".to_owned() };
        assert_asks(&own, "GET", "/_api/user/an%2Fna/database");
        let body = r#"{"error":false,"code":200,"result":{"shop":"rw","*":"ro","other":"none","a":"ro"}}"#;
        assert_eq!(read(&own, body), ["a", "shop"]);
    }
}
