//! The recent API calls of a server.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// An API call that a server has served.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiCall {
    /// When it was served.
    pub time_stamp: Timestamp,
    /// The method, such as `GET`.
    pub request_type: String,
    /// The path.
    pub path: String,
    /// The database.
    pub database: String,
}

/// Reads the recent API calls of the responding server. Since 3.12.5.
///
/// # Errors
///
/// 403 if `--log.recording-api-enabled` disables it or excludes the user; by default it requires an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetApiCalls;

impl Operation for GetApiCalls {
    type Output = Vec<ApiCall>;

    const METADATA: Metadata = Metadata::get("server.api_calls", "/_admin/server/api-calls")
        .scope(Scope::Coordinator)
        .since("3.12.5")
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<ApiCall>, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            calls: Vec<ApiCall>,
        }
        response.json_result::<Body>().map(|body| body.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn calls_are_read() {
        assert_request(&GetApiCalls, "GET", "/_admin/server/api-calls");
        let calls = read(
            &GetApiCalls,
            r#"{"error":false,"code":200,"result":{"calls":[{"timeStamp":"2025-11-20T10:00:00Z",
                "requestType":"GET","path":"/_api/version","database":"_system"}]}}"#,
        );
        assert_eq!((calls[0].request_type.as_str(), calls[0].path.as_str()), ("GET", "/_api/version"));
        assert_eq!(
            (calls[0].time_stamp.as_str(), calls[0].database.as_str()),
            ("2025-11-20T10:00:00Z", "_system")
        );
        let error = GetApiCalls.output(response(200, r#"{"result":{"calls":[{"path":7}]}}"#)).unwrap_err();
        assert_eq!(error.path(), "result.calls[0].path");
    }
}
