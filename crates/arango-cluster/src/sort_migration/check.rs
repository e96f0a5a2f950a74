//! Finding indexes that are sorted wrongly.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use super::{ByDbServer, SERVER_TIMEOUT};

/// What a DB-Server found among its indexes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SortCheck {
    /// The indexes that are sorted wrongly.
    #[serde(default)]
    pub affected: Vec<AffectedIndex>,
    /// Whether something is wrong. It is an answer, not a failure.
    #[serde(default)]
    pub error: bool,
    /// What is wrong, by number: 1242 if there are such indexes, 0 if all is well.
    #[serde(default)]
    pub error_code: u32,
    /// What was found, for people.
    #[serde(default)]
    pub error_message: String,
}

/// An index that is sorted wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

/// Has every DB-Server look for indexes that are sorted wrongly. Since 3.11.11 and 3.12.2.
///
/// Changes nothing. DB-Servers go through all their indexes, and the coordinator waits for them for up to 12 hours;
/// hence a patience of 12 hours.
///
/// # Errors
///
/// 403 without a superuser's token.
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

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Self::Output, DecodeError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn indexes_that_are_sorted_wrongly_are_an_answer() {
        assert_asks(&CheckSortMigration, "GET", "/_admin/cluster/vpackSortMigration/check");
        let by = read(
            &CheckSortMigration,
            r#"{"error":false,"code":200,"result":{
                "PRMR-a":{"error":false,"code":200,"result":{"affected":[],"error":false,"errorCode":0,
                    "errorMessage":"all good with sorting order"}},
                "PRMR-b":{"error":false,"code":200,"result":{"affected":[{"database":"_system","collection":"coll",
                    "indexId":195,"indexName":"idx_1"}],"error":true,"errorCode":1242,
                    "errorMessage":"some indexes have legacy sorted keys"}}}}"#,
        );
        let well = by[&"PRMR-a".into()].answered().unwrap();
        assert!(well.affected.is_empty() && !well.error);
        let ill = by[&"PRMR-b".into()].answered().unwrap();
        assert_eq!((ill.error, ill.error_code, ill.affected[0].index_id), (true, 1242, 195));
        assert_eq!(
            (ill.affected[0].collection.as_str(), ill.affected[0].index_name.as_str()),
            ("coll", "idx_1")
        );
    }
}
