//! The health of all servers of the cluster.

mod cluster_health;
mod display;
mod last_acked;
mod records;
mod server_health;

use std::time::Duration;

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError};

pub use cluster_health::ClusterHealth;
pub use last_acked::LastAcked;
pub use server_health::{HealthStatus, ServerHealth};

/// Reads the health of every server, as last written by the agency.
///
/// The records can be outdated: they do not change while [supervision maintenance](crate::SetMaintenance) is on, and
/// for up to 55 seconds after the agency elected a new leader. A server that is joining is missing until its first
/// record is written.
///
/// One unreachable agent delays the response, and without a leading agent the server waits for up to 60 seconds;
/// hence the server timeout of 75 seconds.
///
/// # Errors
///
/// 500 if the agency does not respond; 403 from a server other than a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetHealth;

impl Operation for GetHealth {
    type Output = ClusterHealth;

    const METADATA: Metadata =
        Metadata::get("cluster.health", "/_admin/cluster/health").server_timeout(Duration::from_secs(75));

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ClusterHealth, OutputError> {
        ClusterHealth::from_response(&response)
    }
}

#[cfg(test)]
mod tests;
