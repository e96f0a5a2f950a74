//! Maintenance of the supervision and of single DB-Servers.

mod server;
mod supervision;

use std::time::Duration;

use arango_protocol::BuildError;

pub use server::{GetServerMaintenance, ServerMaintenance, SetServerMaintenance};
pub use supervision::{GetMaintenance, SetMaintenance, SetMaintenanceResult, SupervisionMode};

/// Starts or ends maintenance.
///
/// Maintenance always ends by itself; starting it again restarts its duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Maintenance {
    /// Starts for an hour, the server's default.
    On,
    /// Starts for this duration: a whole number of seconds, at least one.
    ///
    /// Other durations are rejected before sending: the server would truncate a fraction, and would wait for two
    /// minutes in vain after a zero.
    For(Duration),
    /// Ends.
    Off,
}

impl Maintenance {
    #[inline]
    fn seconds(duration: Duration) -> Result<u64, BuildError> {
        if duration.subsec_nanos() != 0 {
            return Err(BuildError::Field { field: "maintenance", reason: "must last whole seconds" });
        }
        if duration.is_zero() {
            return Err(BuildError::Field { field: "maintenance", reason: "must last at least a second" });
        }
        Ok(duration.as_secs())
    }
}
