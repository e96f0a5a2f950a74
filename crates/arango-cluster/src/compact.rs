//! Compacting what is stored.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use crate::no_payload;

/// Compacts everything that is stored; a coordinator has all DB-Servers do so.
///
/// It can take very long and is a great load; hence a patience of an hour, which is a guess: the server answers when it
/// is done.
///
/// # Errors
///
/// 403 without a superuser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct Compact {
    change_level: bool,
    compact_bottom_most_level: bool,
}

impl Compact {
    /// Compacts as the server does by default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets data be moved to the lowest level that can hold it. Default: it stays where it is.
    pub fn changing_levels(mut self) -> Self {
        self.change_level = true;
        self
    }

    /// Compacts the lowest level too. Default: it is left alone.
    pub fn with_bottom_most_level(mut self) -> Self {
        self.compact_bottom_most_level = true;
        self
    }
}

impl Operation for Compact {
    type Output = ();

    // Not idempotent, though it changes no data: a second copy is the same load once more.
    const METADATA: Metadata = Metadata::put("server.compact", "/_admin/compact")
        .scope(Scope::Coordinator)
        .server_timeout(Duration::from_secs(60 * 60))
        .permission(Permission::Superuser);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        // The documentation has the options in the body; the server reads the query.
        let flag = |on: bool| if on { "true" } else { "false" };
        RequestBuilder::new(Self::METADATA)
            .query("changeLevel", flag(self.change_level))
            .query("compactBottomMostLevel", flag(self.compact_bottom_most_level))
            .json(self)
            .build()
    }

    fn output(&self, response: ApiResponse) -> Result<(), DecodeError> {
        no_payload::nothing(&response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_sends, read};

    #[test]
    fn options_are_said_twice() {
        assert_sends(
            &Compact::new(),
            "PUT",
            "/_admin/compact?changeLevel=false&compactBottomMostLevel=false",
            r#"{"changeLevel":false,"compactBottomMostLevel":false}"#,
        );
        let all = Compact::new().changing_levels().with_bottom_most_level();
        assert_sends(
            &all,
            "PUT",
            "/_admin/compact?changeLevel=true&compactBottomMostLevel=true",
            r#"{"changeLevel":true,"compactBottomMostLevel":true}"#,
        );
        read(&all, "{}");
    }
}
