//! Who answers.

use arango_protocol::{Answer, BuildError, DecodeError, Draft, Facts, Operation, Scope};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::{ServerId, ServerRole};

/// Asks the server that answers for its id.
///
/// # Errors
///
/// 500 if it is not part of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerId;

impl Operation for GetServerId {
    type Output = ServerId;

    const FACTS: Facts = Facts::get("server.id", "/_admin/server/id").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        Draft::new(Self::FACTS).finish()
    }

    fn output(&self, answer: Answer) -> Result<ServerId, DecodeError> {
        #[derive(Deserialize)]
        struct Body {
            id: ServerId,
        }
        answer.json::<Body>().map(|body| body.id)
    }
}

/// Asks the server that answers for its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerRole;

impl Operation for GetServerRole {
    type Output = ServerRole;

    const FACTS: Facts = Facts::get("server.role", "/_admin/server/role").scope(Scope::Coordinator);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        Draft::new(Self::FACTS).finish()
    }

    fn output(&self, answer: Answer) -> Result<ServerRole, DecodeError> {
        #[derive(Deserialize)]
        struct Body {
            role: ServerRole,
        }
        answer.json::<Body>().map(|body| body.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn a_server_says_who_it_is() {
        assert_asks(&GetServerId, "GET", "/_admin/server/id");
        assert_eq!(read(&GetServerId, r#"{"error":false,"code":200,"id":"CRDN-1"}"#), "CRDN-1".into());
    }

    #[test]
    fn a_server_says_what_it_is_for() {
        assert_asks(&GetServerRole, "GET", "/_admin/server/role");
        let body = r#"{"error":false,"code":200,"role":"COORDINATOR","mode":"default"}"#;
        assert_eq!(read(&GetServerRole, body), ServerRole::Coordinator);
        let newer = r#"{"role":"GATEWAY"}"#;
        assert_eq!(read(&GetServerRole, newer), ServerRole::Unknown("GATEWAY".to_owned()));
    }
}
