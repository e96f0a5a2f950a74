//! Compacting stored data.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::types::no_payload;

/// Compacts all stored data; a coordinator makes all DB-Servers do so.
///
/// It can take very long and causes a high load. The server timeout of an hour is a guess: the server responds when
/// it is done.
///
/// # Errors
///
/// 403 without a superuser token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Compact {
    change_level: bool,
    compact_bottom_most_level: bool,
}

impl Compact {
    /// Compacts with the server's default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows moving data to the lowest possible level. Default: not.
    pub fn change_levels(mut self) -> Self {
        self.change_level = true;
        self
    }

    /// Compacts the lowest level too. Default: not.
    pub fn with_bottom_most_level(mut self) -> Self {
        self.compact_bottom_most_level = true;
        self
    }
}

impl Operation for Compact {
    type Output = ();

    // Not idempotent, though it changes no data: a second execution causes the same load again.
    const METADATA: Metadata = Metadata::put("server.compact", "/_admin/compact")
        .scope(Scope::Coordinator)
        .server_timeout(Duration::from_secs(60 * 60))
        .permission(Permission::Superuser);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        // The documentation puts the options in the body; the server reads them from the query.
        let flag = |on: bool| if on { "true" } else { "false" };
        RequestBuilder::new(Self::METADATA)
            .query("changeLevel", flag(self.change_level))
            .query("compactBottomMostLevel", flag(self.compact_bottom_most_level))
            .json(self)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        no_payload::expect_empty(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, read};

    #[test]
    fn options_are_sent_in_query_and_body() {
        assert_request_with_body(
            &Compact::new(),
            "PUT",
            "/_admin/compact?changeLevel=false&compactBottomMostLevel=false",
            r#"{"changeLevel":false,"compactBottomMostLevel":false}"#,
        );
        let all = Compact::new().change_levels().with_bottom_most_level();
        assert_request_with_body(
            &all,
            "PUT",
            "/_admin/compact?changeLevel=true&compactBottomMostLevel=true",
            r#"{"changeLevel":true,"compactBottomMostLevel":true}"#,
        );
        read(&all, "{}");
    }
}
