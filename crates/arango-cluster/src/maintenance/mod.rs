//! Keeping the supervision from acting while servers are being worked on.

mod server;
mod supervision;

use std::time::Duration;

use arango_protocol::BuildError;

pub use server::{GetServerMaintenance, ServerMaintenance, SetServerMaintenance};
pub use supervision::{GetMaintenance, MaintenanceSet, SetMaintenance, SupervisionMode};

/// Says whether maintenance begins or ends, and for how long it lasts.
///
/// It ends by itself in any case; saying it again makes it last from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Maintenance {
    /// Begins, and lasts an hour: the server's default.
    On,
    /// Begins, and lasts that long: a whole number of seconds, and at least one.
    ///
    /// A request for anything else is refused before it is sent: the server would cut a fraction
    /// off, and would wait for two minutes in vain after a zero.
    For(Duration),
    /// Ends.
    Off,
}

impl Maintenance {
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
