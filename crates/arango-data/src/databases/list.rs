//! Which databases there are.

use arango_protocol::{ApiResponse, DatabaseName, Metadata, Operation, OutputError, Scope};

/// Lists all databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListDatabases;

/// Lists the databases that the user may access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListAccessibleDatabases;

impl Operation for ListDatabases {
    type Output = Vec<DatabaseName>;

    const METADATA: Metadata = Metadata::get("database.list", "/_api/database").system_only();

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<DatabaseName>, OutputError> {
        names(&response)
    }
}

impl Operation for ListAccessibleDatabases {
    type Output = Vec<DatabaseName>;

    const METADATA: Metadata =
        Metadata::get("database.list_accessible", "/_api/database/user").scope(Scope::Database);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<DatabaseName>, OutputError> {
        names(&response)
    }
}

fn names(response: &ApiResponse) -> Result<Vec<DatabaseName>, OutputError> {
    let names: Vec<String> = response.json_result()?;
    names.iter().map(|name| DatabaseName::new(name).map_err(|error| response.invalid(error))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn databases_are_listed_by_name() {
        assert_request(&ListDatabases, "GET", "/_api/database");
        assert_request(&ListAccessibleDatabases, "GET", "/_api/database/user");
        let body = r#"{"error":false,"code":200,"result":["_system","shop"]}"#;
        for names in [read(&ListDatabases, body), read(&ListAccessibleDatabases, body)] {
            assert_eq!(names.iter().map(DatabaseName::as_str).collect::<Vec<_>>(), ["_system", "shop"]);
        }
        assert!(ListDatabases.output(response(200, r#"{"error":false,"result":[""]}"#)).is_err());
    }
}
