//! Whether the cluster is writable.

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Scope, open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

open_enum! {
    /// Whether the cluster is writable.
    pub enum ServerMode {
        /// Accepts reads and writes.
        Default = "default",
        /// Rejects writes.
        ///
        /// Documents are rejected with 403 and error 1004, definitions with 403 and error 11.
        ReadOnly = "readonly",
    }
}

// The read, the change and both responses have the same shape.
#[derive(Serialize, Deserialize)]
struct Body<M> {
    mode: M,
}

/// Reads the mode of the responding server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerMode;

impl Operation for GetServerMode {
    type Output = ServerMode;

    const METADATA: Metadata = Metadata::get("server.mode", "/_admin/server/mode").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ServerMode, OutputError> {
        response.json::<Body<ServerMode>>().map(|body| body.mode)
    }
}

/// Makes the **whole cluster** read-only, or writable again.
///
/// The response contains the mode of the responding coordinator, which may still be the old one for a moment: the
/// change propagates through the agency.
///
/// # Errors
///
/// 400 for an unknown mode; 403 without write access to `_system`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetServerMode {
    /// The new mode.
    pub mode: ServerMode,
}

impl Operation for SetServerMode {
    type Output = ServerMode;

    const METADATA: Metadata = Metadata::put("server.set_mode", "/_admin/server/mode")
        .idempotent() // overwrites one value
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(&Body { mode: &self.mode }).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ServerMode, OutputError> {
        response.json::<Body<ServerMode>>().map(|body| body.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, assert_request_with_body, read};

    #[test]
    fn the_mode_is_read() {
        assert_request(&GetServerMode, "GET", "/_admin/server/mode");
        assert_eq!(
            read(&GetServerMode, r#"{"error":false,"code":200,"mode":"default"}"#),
            ServerMode::Default
        );
        assert_eq!(read(&GetServerMode, r#"{"mode":"frozen"}"#), ServerMode::Unknown("frozen".to_owned()));
    }

    #[test]
    fn the_mode_is_set() {
        let set = SetServerMode { mode: ServerMode::ReadOnly };
        assert_request_with_body(&set, "PUT", "/_admin/server/mode", r#"{"mode":"readonly"}"#);
        assert_eq!(read(&set, r#"{"error":false,"code":200,"mode":"default"}"#), ServerMode::Default);
    }
}
