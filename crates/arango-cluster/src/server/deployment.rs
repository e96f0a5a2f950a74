//! The id of the deployment.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError};
use serde::Deserialize;

/// Reads the id of the deployment, a UUID. Since 3.12.6.
///
/// It differs from [the cluster id](crate::ClusterHealth::cluster_id).
///
/// # Errors
///
/// 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetDeploymentId;

impl Operation for GetDeploymentId {
    type Output = String;

    const METADATA: Metadata =
        Metadata::get("cluster.deployment_id", "/_admin/deployment/id").since("3.12.6");

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        #[derive(Deserialize)]
        struct Body {
            id: String,
        }
        response.json::<Body>().map(|body| body.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn a_deployment_has_an_id() {
        assert_request(&GetDeploymentId, "GET", "/_admin/deployment/id");
        assert_eq!(read(&GetDeploymentId, r#"{"id":"6172616e-676f"}"#), "6172616e-676f");
    }
}
