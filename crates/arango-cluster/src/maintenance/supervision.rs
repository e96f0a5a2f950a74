//! Maintenance of the whole cluster.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::Maintenance;
use crate::open_enum::open_enum;

/// The server waits for up to 120 seconds for the supervision to follow.
const SERVER_TIMEOUT: Duration = Duration::from_secs(150);

open_enum! {
    /// Whether the supervision of the cluster acts.
    pub enum SupervisionMode {
        /// It watches over servers and repairs.
        Normal = "Normal",
        /// It does nothing: no failover, no moves, and [health](crate::ClusterHealth) stands still.
        Maintenance = "Maintenance",
    }
}

/// Asks whether the supervision of the cluster acts: what it has reached, not what was wished.
///
/// # Errors
///
/// 500 if the agency does not answer; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetMaintenance;

impl Operation for GetMaintenance {
    type Output = SupervisionMode;

    const METADATA: Metadata = Metadata::get("cluster.maintenance", "/_admin/cluster/maintenance")
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<SupervisionMode, DecodeError> {
        response.json_result()
    }
}

/// Keeps the supervision of the whole cluster from acting, or lets it act again.
///
/// While it is kept from acting no server fails over, and [`SetServerMaintenance`] gets no answer.
/// The call takes at least about a second: the server waits until the supervision has followed, for
/// up to 120 seconds; hence a patience of 150 seconds.
///
/// [`SetServerMaintenance`]: crate::SetServerMaintenance
///
/// # Errors
///
/// 408 if the supervision has not followed in time; **the change is written nevertheless**. 403
/// without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetMaintenance {
    /// Whether it begins or ends, and for how long it lasts.
    pub maintenance: Maintenance,
}

/// That the supervision has followed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MaintenanceSet {
    /// What the server warns of, for people: among others, when maintenance ends by itself.
    pub warning: String,
}

impl Operation for SetMaintenance {
    type Output = MaintenanceSet;

    const METADATA: Metadata = Metadata::put("cluster.set_maintenance", "/_admin/cluster/maintenance")
        .idempotent() // a second time only makes it last longer
        .server_timeout(SERVER_TIMEOUT)
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA);
        // The body is a bare word or number.
        match self.maintenance {
            Maintenance::On => draft.json("on"),
            Maintenance::Off => draft.json("off"),
            Maintenance::For(duration) => draft.json(&Maintenance::seconds(duration)?),
        }
        .build()
    }

    fn output(&self, response: ApiResponse) -> Result<MaintenanceSet, DecodeError> {
        // There need not be a warning.
        response.acknowledged()?;
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, assert_sends, read};

    const PATH: &str = "/_admin/cluster/maintenance";

    fn set(maintenance: Maintenance) -> SetMaintenance {
        SetMaintenance { maintenance }
    }

    #[test]
    fn what_the_supervision_does_is_asked_for() {
        assert_asks(&GetMaintenance, "GET", PATH);
        for (word, mode) in [
            ("Normal", SupervisionMode::Normal),
            ("Maintenance", SupervisionMode::Maintenance),
            ("Asleep", SupervisionMode::Unknown("Asleep".to_owned())),
        ] {
            let body = format!(r#"{{"error":false,"code":200,"result":"{word}"}}"#);
            assert_eq!(read(&GetMaintenance, &body), mode);
        }
    }

    #[test]
    fn the_body_is_a_bare_value() {
        assert_sends(&set(Maintenance::On), "PUT", PATH, r#""on""#);
        assert_sends(&set(Maintenance::Off), "PUT", PATH, r#""off""#);
        assert_sends(&set(Maintenance::For(Duration::from_secs(7200))), "PUT", PATH, "7200");
    }

    #[test]
    fn a_time_the_server_would_bend_is_refused() {
        for (time, reason) in [
            (Duration::ZERO, "`maintenance` must last at least a second"),
            (Duration::from_millis(90_700), "`maintenance` must last whole seconds"),
            (Duration::from_nanos(1), "`maintenance` must last whole seconds"),
        ] {
            assert_refuses(&set(Maintenance::For(time)), reason);
        }
    }

    #[test]
    fn the_warning_is_kept() {
        let body = r#"{"error":false,"code":200,"warning":"Cluster supervision reactivated."}"#;
        assert_eq!(read(&set(Maintenance::Off), body).warning, "Cluster supervision reactivated.");
        assert_eq!(read(&set(Maintenance::Off), r#"{"error":false}"#).warning, "");
    }
}
