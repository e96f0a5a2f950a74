//! Maintenance of one DB-Server.

use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder, Timestamp,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use crate::maintenance::Maintenance;
use crate::server::ServerId;

const PATH: &str = "/_admin/cluster/maintenance/{server}";

/// The maintenance of a DB-Server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServerMaintenance {
    /// `maintenance`.
    pub mode: String,
    /// When it ends by itself: `YYYY-MM-DDTHH:MM:SSZ`, by the agency's clock.
    pub until: Timestamp,
}

/// Reads the maintenance of a DB-Server.
///
/// `None` is also returned for a server that does not exist, or that is named by its short name.
///
/// # Errors
///
/// 403 without write access to `_system`; 400 from 3.10.0, which does not support it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetServerMaintenance<'a> {
    /// The DB-Server, by its id.
    pub server: &'a ServerId,
}

impl Operation for GetServerMaintenance<'_> {
    type Output = Option<ServerMaintenance>;

    const METADATA: Metadata = Metadata::get("cluster.server_maintenance", PATH)
        .server_timeout(Duration::from_secs(75)) // the server waits for the agency for up to 60 seconds
        .since("3.10.1")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA)
            .path_param("server", self.server.checked_id("server")?.as_str())
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        // The server omits `result` instead of writing null.
        response.json_result()
    }
}

/// Starts or ends the maintenance of one DB-Server.
///
/// During maintenance nothing is moved away from it while it restarts. The server responds once its supervision has
/// followed, usually within a second or two. **While [supervision maintenance](crate::SetMaintenance) is on it does
/// not respond at all**, although the change is written.
///
/// # Errors
///
/// 412 if the DB-Server is not [good](crate::HealthStatus::Good), or does not exist: the maintenance of a failed
/// server ends only when its time is up. 403 without write access to `_system`; 400 from 3.10.0, which does not
/// support it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetServerMaintenance<'a> {
    /// The DB-Server, by its id; a short name is not accepted.
    pub server: &'a ServerId,
    /// Starts or ends maintenance.
    pub maintenance: Maintenance,
}

impl Operation for SetServerMaintenance<'_> {
    type Output = ();

    const METADATA: Metadata = Metadata::put("cluster.set_server_maintenance", PATH)
        .idempotent() // a repeated request only extends it
        .since("3.10.1")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body {
            mode: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            timeout: Option<u64>,
        }
        let body = match self.maintenance {
            Maintenance::On => Body { mode: "maintenance", timeout: None },
            Maintenance::For(duration) => {
                Body { mode: "maintenance", timeout: Some(Maintenance::seconds(duration)?) }
            }
            Maintenance::Off => Body { mode: "normal", timeout: None },
        };
        RequestBuilder::new(Self::METADATA)
            .path_param("server", self.server.checked_id("server")?.as_str())
            .json(&body)
            .build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, assert_request_with_body, read};

    const PRMR_1: &str = "/_admin/cluster/maintenance/PRMR-1";

    #[test]
    fn no_maintenance_is_a_missing_result() {
        let server = ServerId::from("PRMR-1");
        let get = GetServerMaintenance { server: &server };
        assert_request(&get, "GET", PRMR_1);
        assert_eq!(read(&get, r#"{"error":false,"code":200}"#), None);
        assert_eq!(read(&get, r#"{"error":false,"code":200,"result":null}"#), None);
        let on =
            r#"{"error":false,"code":200,"result":{"Mode":"maintenance","Until":"2022-10-26T06:14:23Z"}}"#;
        let on = read(&get, on).unwrap();
        assert_eq!((on.mode.as_str(), on.until.as_str()), ("maintenance", "2022-10-26T06:14:23Z"));
    }

    #[test]
    fn maintenance_begins_and_ends() {
        let server = ServerId::from("PRMR-1");
        for (maintenance, body) in [
            (Maintenance::On, r#"{"mode":"maintenance"}"#),
            (Maintenance::For(Duration::from_secs(600)), r#"{"mode":"maintenance","timeout":600}"#),
            (Maintenance::Off, r#"{"mode":"normal"}"#),
        ] {
            let set = SetServerMaintenance { server: &server, maintenance };
            assert_request_with_body(&set, "PUT", PRMR_1, body);
            read(&set, r#"{"error":false,"code":200}"#);
        }
    }

    #[test]
    fn values_the_server_would_change_are_rejected() {
        let (server, unnamed) = (ServerId::from("PRMR-1"), ServerId::from(""));
        let time = Duration::from_millis(1500);
        let set = SetServerMaintenance { server: &server, maintenance: Maintenance::For(time) };
        assert_rejected(&set, "`maintenance` must last whole seconds");
        // With an empty segment it would be the maintenance of the whole cluster.
        let set = SetServerMaintenance { server: &unnamed, maintenance: Maintenance::On };
        assert_rejected(&set, "`server` is empty");
    }
}
