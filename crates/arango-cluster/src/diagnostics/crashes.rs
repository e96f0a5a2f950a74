//! The crash dumps of a server.

use std::collections::BTreeMap;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

const PATH: &str = "/_admin/crashes/{id}";

/// The dump of one crash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CrashDump {
    /// The id of the crash.
    pub crash_id: String,
    /// The contents of each file of the dump, by its name.
    pub files: BTreeMap<String, String>,
}

/// Lists the crash dumps of the responding server. Since 3.12.8.
///
/// # Errors
///
/// 503 with error 36 if `--crash-handler.enable-dumps` disables it; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListCrashes;

impl Operation for ListCrashes {
    type Output = Vec<String>;

    const METADATA: Metadata = Metadata::get("server.crashes", "/_admin/crashes")
        .scope(Scope::Coordinator)
        .since("3.12.8")
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<String>, OutputError> {
        response.json_result()
    }
}

/// Reads one crash dump of the responding server. Since 3.12.8.
///
/// # Errors
///
/// 404 if there is no such dump; otherwise as [`ListCrashes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCrash<'a> {
    /// The crash.
    pub id: &'a str,
}

impl Operation for GetCrash<'_> {
    type Output = CrashDump;

    const METADATA: Metadata = Metadata::get("server.crash", PATH)
        .scope(Scope::Coordinator)
        .since("3.12.8")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("id", self.id).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<CrashDump, OutputError> {
        response.json_result()
    }
}

/// Deletes one crash dump of the responding server. Since 3.12.8.
///
/// # Errors
///
/// 404 if there is no such dump, which is also the response to a repeated request; otherwise as [`ListCrashes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteCrash<'a> {
    /// The crash.
    pub id: &'a str,
}

impl Operation for DeleteCrash<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("server.delete_crash", PATH)
        .scope(Scope::Coordinator)
        .idempotent() // the named dump does not exist afterwards
        .since("3.12.8")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("id", self.id).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read};

    #[test]
    fn crashes_are_listed_read_and_deleted() {
        assert_request(&ListCrashes, "GET", "/_admin/crashes");
        assert_eq!(read(&ListCrashes, r#"{"error":false,"code":200,"result":["281ac6d7"]}"#), ["281ac6d7"]);
        assert_request(&GetCrash { id: "281ac6d7" }, "GET", "/_admin/crashes/281ac6d7");
        let dump = read(
            &GetCrash { id: "281ac6d7" },
            r#"{"error":false,"code":200,"result":{"crashId":"281ac6d7","files":{"backtrace.txt":"0: main"}}}"#,
        );
        assert_eq!((dump.crash_id.as_str(), dump.files["backtrace.txt"].as_str()), ("281ac6d7", "0: main"));
        let delete = DeleteCrash { id: "281ac6d7" };
        assert_request(&delete, "DELETE", "/_admin/crashes/281ac6d7");
        read(&delete, r#"{"error":false,"code":200,"result":{"deleted":true,"crashId":"281ac6d7"}}"#);
        assert_rejected(&DeleteCrash { id: "" }, "the path segment `id` is empty");
    }
}
