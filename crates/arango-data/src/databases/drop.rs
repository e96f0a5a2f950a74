//! Dropping a database.

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, DatabaseName, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, RequestBuilder, Resolve,
};
use bytes::Bytes;
use http::Request;

use super::create::confirmed;
use super::list::ListDatabases;

/// Drops a database with all its collections.
///
/// It is not repeated if its response was lost, since a late copy would drop the next database of that name.
///
/// # Errors
///
/// 404 with error 1228 if it does not exist; 403 for the database `_system`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropDatabase {
    /// The database.
    pub name: DatabaseName,
}

impl Operation for DropDatabase {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("database.drop", "/_api/database/{name}")
        .system_only()
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("name", self.name.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        confirmed(&response)
    }
}

impl Resolve for DropDatabase {
    type Question = ListDatabases;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<ListDatabases> {
        failure.is_response_lost().then_some(ListDatabases)
    }

    #[inline]
    fn conclusion(&self, _: &Failure, answer: Result<Vec<DatabaseName>, &ErrorObject>) -> Conclusion<()> {
        match answer {
            Ok(names) if names.contains(&self.name) => Conclusion::NotSeen,
            Ok(_) => Conclusion::Executed(()),
            Err(_) => Conclusion::CannotTell,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};
    use arango_protocol::{ErrorKind, Outcome, RequestClass};

    #[test]
    fn w19_a_lost_drop_is_not_repeated_and_is_found_out_by_listing() {
        let drop = DropDatabase { name: DatabaseName::new("Büro / 1").unwrap() };
        assert_request(&drop, "DELETE", "/_api/database/B%C3%BCro%20%2F%201");
        assert_eq!(drop.properties().class, RequestClass::NonIdempotent);
        read(&drop, r#"{"error":false,"code":200,"result":true}"#);
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
        assert!(drop.question(&lost).is_some());
        assert_eq!(drop.conclusion(&lost, Ok(vec![DatabaseName::system()])), Conclusion::Executed(()));
        assert_eq!(drop.conclusion(&lost, Ok(vec![drop.name.clone()])), Conclusion::NotSeen);
    }
}
