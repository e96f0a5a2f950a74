//! The sort order of indexes.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, open_enum};
use serde::{Deserialize, Serialize};

use super::ByDbServer;

open_enum! {
    /// The sort order of indexes.
    pub enum SortOrder {
        /// The correct order.
        Correct = "CORRECT",
        /// The order of old servers.
        Legacy = "LEGACY",
    }
}

/// The sort order of a DB-Server's indexes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SortMigration {
    /// After its next start.
    pub next: SortOrder,
    /// Now.
    pub current: SortOrder,
}

/// Reads the sort order of every DB-Server. Since 3.11.11 and 3.12.2.
///
/// # Errors
///
/// 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetSortMigration;

impl Operation for GetSortMigration {
    type Output = ByDbServer<SortMigration>;

    const METADATA: Metadata =
        Metadata::get("cluster.sort_migration", "/_admin/cluster/vpackSortMigration/status")
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
    use crate::sort_migration::DbServerResponse;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn each_db_server_reports_its_status() {
        assert_request(&GetSortMigration, "GET", "/_admin/cluster/vpackSortMigration/status");
        let by = read(
            &GetSortMigration,
            r#"{"error":false,"code":200,"result":{
                "PRMR-a":{"error":false,"code":200,"result":{"next":"CORRECT","current":"LEGACY"}},
                "PRMR-b":{"error":true,"errorMessage":"gone","errorCode":1478}}}"#,
        );
        let answered = by[&"PRMR-a".into()].result().unwrap();
        assert_eq!((&answered.next, &answered.current), (&SortOrder::Correct, &SortOrder::Legacy));
        let refused = DbServerResponse::Failure { error_code: 1478, error_message: "gone".to_owned() };
        assert_eq!(by[&"PRMR-b".into()], refused);
        let error =
            GetSortMigration.output(response(200, r#"{"result":{"PRMR-a":{"result":7}}}"#)).unwrap_err();
        assert_eq!(error.path(), "result.PRMR-a.result");
    }
}
