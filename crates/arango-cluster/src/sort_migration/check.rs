//! Finding wrongly sorted indexes.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission};
use serde::{Deserialize, Serialize};

use super::{ByDbServer, SERVER_TIMEOUT};

/// The result of a DB-Server's check of its indexes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SortCheck {
    /// The wrongly sorted indexes.
    #[serde(default)]
    pub affected: Vec<AffectedIndex>,
    /// Whether there are any.
    ///
    /// That is a result, not an error of the call.
    #[serde(default)]
    pub error: bool,
    /// The error number: 1242 if there are such indexes, 0 otherwise.
    #[serde(default)]
    pub error_code: u32,
    /// The result, for people.
    #[serde(default)]
    pub error_message: String,
}

/// A wrongly sorted index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AffectedIndex {
    /// Its database.
    pub database: String,
    /// Its collection.
    pub collection: String,
    /// Its id.
    pub index_id: u64,
    /// Its name.
    #[serde(default)]
    pub index_name: String,
}

/// Makes every DB-Server check for wrongly sorted indexes. Since 3.11.11 and 3.12.2.
///
/// Changes nothing. DB-Servers scan all their indexes, and the coordinator waits for them for up to 12 hours; hence
/// the server timeout of 12 hours.
///
/// # Errors
///
/// 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckSortMigration;

impl Operation for CheckSortMigration {
    type Output = ByDbServer<SortCheck>;

    const METADATA: Metadata =
        Metadata::get("cluster.check_sort_migration", "/_admin/cluster/vpackSortMigration/check")
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
    fn affected_indexes_are_a_result_not_an_error() {
        assert_request(&CheckSortMigration, "GET", "/_admin/cluster/vpackSortMigration/check");
        let by = read(
            &CheckSortMigration,
            r#"{"error":false,"code":200,"result":{
                "PRMR-a":{"error":false,"code":200,"result":{"affected":[],"error":false,"errorCode":0,
                    "errorMessage":"all good with sorting order"}},
                "PRMR-b":{"error":false,"code":200,"result":{"affected":[{"database":"_system","collection":"coll",
                    "indexId":195,"indexName":"idx_1"}],"error":true,"errorCode":1242,
                    "errorMessage":"some indexes have legacy sorted keys"}}}}"#,
        );
        let correct = by[&"PRMR-a".into()].result().unwrap();
        assert!(correct.affected.is_empty() && !correct.error);
        let affected = by[&"PRMR-b".into()].result().unwrap();
        assert_eq!((affected.error, affected.error_code, affected.affected[0].index_id), (true, 1242, 195));
        assert_eq!(
            (affected.affected[0].collection.as_str(), affected.affected[0].index_name.as_str()),
            ("coll", "idx_1")
        );
    }
}
