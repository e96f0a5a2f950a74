//! Id and role of the responding server.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Scope};
use serde::Deserialize;

use crate::server::{ServerId, ServerRole};

/// Reads the id of the responding server.
///
/// # Errors
///
/// 500 if it is not part of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerId;

impl Operation for GetServerId {
    type Output = ServerId;

    const METADATA: Metadata = Metadata::get("server.id", "/_admin/server/id").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ServerId, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            id: ServerId,
        }
        response.json::<Body>().map(|body| body.id)
    }
}

/// Reads the role of the responding server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerRole;

impl Operation for GetServerRole {
    type Output = ServerRole;

    const METADATA: Metadata = Metadata::get("server.role", "/_admin/server/role").scope(Scope::Coordinator);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ServerRole, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            role: ServerRole,
        }
        response.json::<Body>().map(|body| body.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_server_returns_its_id() {
        assert_request(&GetServerId, "GET", "/_admin/server/id");
        assert_eq!(read(&GetServerId, r#"{"error":false,"code":200,"id":"CRDN-1"}"#), "CRDN-1".into());
    }

    #[test]
    fn a_server_returns_its_role() {
        assert_request(&GetServerRole, "GET", "/_admin/server/role");
        let body = r#"{"error":false,"code":200,"role":"COORDINATOR","mode":"default"}"#;
        assert_eq!(read(&GetServerRole, body), ServerRole::Coordinator);
        let newer = r#"{"role":"GATEWAY"}"#;
        assert_eq!(read(&GetServerRole, newer), ServerRole::Unknown("GATEWAY".to_owned()));
    }
}
