//! Correct sorting from the next start on.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission};
use serde::{Deserialize, Serialize};

use super::{ByDbServer, SERVER_TIMEOUT};

/// The result of a DB-Server's migration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SortMigrationResult {
    /// Whether it failed.
    pub error: bool,
    /// The error number; 0 after a success.
    pub error_code: u32,
    /// The result, for people.
    pub error_message: String,
}

/// Makes every DB-Server sort correctly after its next start.
///
/// Since 3.11.11 and 3.12.2. [Wrongly sorted](crate::CheckSortMigration) indexes must be dropped and created again
/// before that.
///
/// # Errors
///
/// 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MigrateSorting;

impl Operation for MigrateSorting {
    type Output = ByDbServer<SortMigrationResult>;

    const METADATA: Metadata =
        Metadata::put("cluster.migrate_sorting", "/_admin/cluster/vpackSortMigration/migrate")
            .without_body()
            .idempotent() // a migrated DB-Server does nothing
            .server_timeout(SERVER_TIMEOUT)
            .since("3.12.2")
            .backported_to(&["3.11.11"])
            .permission(Permission::Superuser);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn each_db_server_reports_its_result() {
        assert_request(&MigrateSorting, "PUT", "/_admin/cluster/vpackSortMigration/migrate");
        let by = read(
            &MigrateSorting,
            r#"{"error":false,"code":200,"result":{"PRMR-a":{"error":false,"code":200,"result":
                {"error":false,"errorCode":0,"errorMessage":"VPack sorting migration done."}}}}"#,
        );
        let done = by[&"PRMR-a".into()].result().unwrap();
        assert_eq!((done.error, done.error_message.as_str()), (false, "VPack sorting migration done."));
    }
}
