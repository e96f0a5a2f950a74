//! Whether the cluster may be written to.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;

open_enum! {
    /// Whether the cluster may be written to.
    pub enum ServerMode {
        /// Takes reads and writes.
        Default = "default",
        /// Refuses writes: documents with 403 and error 1004, definitions with 403 and error 11.
        ReadOnly = "readonly",
    }
}

// The question, the change and its answer have the same shape.
#[derive(Serialize, Deserialize)]
struct Body<M> {
    mode: M,
}

/// Asks the server that answers for the mode it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerMode;

impl Operation for GetServerMode {
    type Output = ServerMode;

    const METADATA: Metadata = Metadata::get("server.mode", "/_admin/server/mode").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<ServerMode, DecodeError> {
        response.json::<Body<ServerMode>>().map(|body| body.mode)
    }
}

/// Makes the **whole cluster** read-only, or writable again.
///
/// The answer is the mode of the coordinator that answers, which may still be the old one for a
/// moment: the change travels through the agency.
///
/// # Errors
///
/// 400 for a mode the server does not know; 403 without write access to `_system`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetServerMode {
    /// The mode to go into.
    pub mode: ServerMode,
}

impl Operation for SetServerMode {
    type Output = ServerMode;

    const METADATA: Metadata = Metadata::put("server.set_mode", "/_admin/server/mode")
        .idempotent() // one value, written for all
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).json(&Body { mode: &self.mode }).build()
    }

    fn output(&self, response: ApiResponse) -> Result<ServerMode, DecodeError> {
        response.json::<Body<ServerMode>>().map(|body| body.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_sends, read};

    #[test]
    fn the_mode_is_asked_for() {
        assert_asks(&GetServerMode, "GET", "/_admin/server/mode");
        assert_eq!(
            read(&GetServerMode, r#"{"error":false,"code":200,"mode":"default"}"#),
            ServerMode::Default
        );
        assert_eq!(read(&GetServerMode, r#"{"mode":"frozen"}"#), ServerMode::Unknown("frozen".to_owned()));
    }

    #[test]
    fn the_mode_is_set_for_all() {
        let set = SetServerMode { mode: ServerMode::ReadOnly };
        assert_sends(&set, "PUT", "/_admin/server/mode", r#"{"mode":"readonly"}"#);
        assert_eq!(read(&set, r#"{"error":false,"code":200,"mode":"default"}"#), ServerMode::Default);
    }
}
