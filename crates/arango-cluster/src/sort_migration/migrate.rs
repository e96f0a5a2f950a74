//! Sorting correctly from the next start on.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use super::{ByDbServer, SERVER_TIMEOUT};

/// What a DB-Server says of having migrated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SortMigrated {
    /// Whether it could not.
    pub error: bool,
    /// Why not, by number; 0 if it could.
    pub error_code: u32,
    /// How it went, for people.
    pub error_message: String,
}

/// Has every DB-Server sort correctly from its next start on. Since 3.11.11 and 3.12.2.
///
/// Indexes that [are sorted wrongly](crate::CheckSortMigration) must be dropped and made anew before that.
///
/// # Errors
///
/// 403 without a superuser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MigrateSorting;

impl Operation for MigrateSorting {
    type Output = ByDbServer<SortMigrated>;

    const METADATA: Metadata =
        Metadata::put("cluster.migrate_sorting", "/_admin/cluster/vpackSortMigration/migrate")
            .idempotent() // one who has migrated has nothing more to do
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
    fn each_db_server_says_how_it_went() {
        assert_asks(&MigrateSorting, "PUT", "/_admin/cluster/vpackSortMigration/migrate");
        let by = read(
            &MigrateSorting,
            r#"{"error":false,"code":200,"result":{"PRMR-a":{"error":false,"code":200,"result":
                {"error":false,"errorCode":0,"errorMessage":"VPack sorting migration done."}}}}"#,
        );
        let done = by[&"PRMR-a".into()].answered().unwrap();
        assert_eq!((done.error, done.error_message.as_str()), (false, "VPack sorting migration done."));
    }
}
