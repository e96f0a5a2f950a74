//! Maintenance of the supervision, for the whole cluster.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, open_enum,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::maintenance::Maintenance;

/// The server waits for the supervision for up to 120 seconds.
const SERVER_TIMEOUT: Duration = Duration::from_secs(150);

open_enum! {
    /// The state of the cluster's supervision.
    pub enum SupervisionMode {
        /// Active: it monitors and repairs servers.
        Normal = "Normal",
        /// Inactive: no failover, no moves, and [health](crate::ClusterHealth) does not change.
        Maintenance = "Maintenance",
    }
}

/// Reads the current state of the cluster's supervision, not the requested one.
///
/// # Errors
///
/// 500 if the agency does not respond; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetMaintenance;

impl Operation for GetMaintenance {
    type Output = SupervisionMode;

    const METADATA: Metadata = Metadata::get("cluster.maintenance", "/_admin/cluster/maintenance")
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<SupervisionMode, OutputError> {
        response.json_result()
    }
}

/// Disables the supervision of the whole cluster, or enables it again.
///
/// While it is disabled no server fails over, and [`SetServerMaintenance`] gets no response. The call takes at least
/// about a second: the server waits until the supervision has followed, for up to 120 seconds; hence the server
/// timeout of 150 seconds.
///
/// [`SetServerMaintenance`]: crate::SetServerMaintenance
///
/// # Errors
///
/// 408 if the supervision has not followed in time; **the change is written nevertheless**. 403 without write access
/// to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetMaintenance {
    /// Starts or ends maintenance.
    pub maintenance: Maintenance,
}

/// The result once the supervision has followed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SetMaintenanceResult {
    /// The server's warning, for people: for example, when maintenance ends by itself.
    pub warning: String,
}

impl Operation for SetMaintenance {
    type Output = SetMaintenanceResult;

    const METADATA: Metadata = Metadata::put("cluster.set_maintenance", "/_admin/cluster/maintenance")
        .idempotent() // a repeated request only extends it
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = RequestBuilder::new(Self::METADATA);
        // The body is a bare string or number.
        match self.maintenance {
            Maintenance::On => builder.json("on"),
            Maintenance::Off => builder.json("off"),
            Maintenance::For(duration) => builder.json(&Maintenance::seconds(duration)?),
        }
        .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<SetMaintenanceResult, OutputError> {
        // The warning is optional.
        response.acknowledged()?;
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, assert_request_with_body, read};

    const PATH: &str = "/_admin/cluster/maintenance";

    fn set(maintenance: Maintenance) -> SetMaintenance {
        SetMaintenance { maintenance }
    }

    #[test]
    fn the_supervision_mode_is_read() {
        assert_request(&GetMaintenance, "GET", PATH);
        for (value, mode) in [
            ("Normal", SupervisionMode::Normal),
            ("Maintenance", SupervisionMode::Maintenance),
            ("Asleep", SupervisionMode::Unknown("Asleep".to_owned())),
        ] {
            let body = format!(r#"{{"error":false,"code":200,"result":"{value}"}}"#);
            assert_eq!(read(&GetMaintenance, &body), mode);
        }
    }

    #[test]
    fn the_body_is_a_bare_value() {
        assert_request_with_body(&set(Maintenance::On), "PUT", PATH, r#""on""#);
        assert_request_with_body(&set(Maintenance::Off), "PUT", PATH, r#""off""#);
        assert_request_with_body(&set(Maintenance::For(Duration::from_secs(7200))), "PUT", PATH, "7200");
    }

    #[test]
    fn a_duration_the_server_would_change_is_rejected() {
        for (time, reason) in [
            (Duration::ZERO, "`maintenance` must last at least a second"),
            (Duration::from_millis(90_700), "`maintenance` must last whole seconds"),
            (Duration::from_nanos(1), "`maintenance` must last whole seconds"),
        ] {
            assert_rejected(&set(Maintenance::For(time)), reason);
        }
    }

    #[test]
    fn the_warning_is_kept() {
        let body = r#"{"error":false,"code":200,"warning":"Cluster supervision reactivated."}"#;
        assert_eq!(read(&set(Maintenance::Off), body).warning, "Cluster supervision reactivated.");
        assert_eq!(read(&set(Maintenance::Off), r#"{"error":false}"#).warning, "");
    }
}
