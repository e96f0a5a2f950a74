//! Handle on cluster administration.

mod agency;
mod deployment;
mod monitoring;
mod servers;
mod shards;

use std::time::Duration;

use arango_cluster::{
    GetMaintenance, GetServerId, GetServerMaintenance, GetServerMode, GetServerRole, Maintenance, ServerId,
    ServerMaintenance, ServerMode, ServerRole, SetMaintenance, SetMaintenanceResult, SetServerMaintenance,
    SetServerMode, SupervisionMode,
};
use arango_transport::Error;

use crate::handles::database::Database;

/// Handle on cluster administration. Cheap to clone.
///
/// Each method executes one operation of [`arango_cluster`], where its metadata, pitfalls and types are documented;
/// [`Database::execute`] executes the others. Reads go to any coordinator and fail over to the next one. A change is
/// retried only if it is safe to repeat.
///
/// Every method fails as [`Database::execute`] does.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) database: Database,
}

impl Cluster {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Returns the id of the coordinator that responds.
    pub async fn server_id(&self) -> Result<ServerId, Error> {
        self.database.execute(GetServerId).await
    }

    /// Returns the role of the server that responds.
    pub async fn server_role(&self) -> Result<ServerRole, Error> {
        self.database.execute(GetServerRole).await
    }

    /// Returns whether the cluster accepts writes.
    ///
    /// The answer is as seen by the coordinator that responds.
    pub async fn server_mode(&self) -> Result<ServerMode, Error> {
        self.database.execute(GetServerMode).await
    }

    /// Makes the whole cluster read-only, or writable again.
    #[doc(alias = "set_mode")]
    pub async fn set_server_mode(&self, mode: ServerMode) -> Result<ServerMode, Error> {
        self.database.execute(SetServerMode { mode }).await
    }

    /// Returns whether the supervision is in maintenance, that is, inactive.
    pub async fn maintenance(&self) -> Result<SupervisionMode, Error> {
        self.database.execute(GetMaintenance).await
    }

    /// Disables the supervision for an hour.
    ///
    /// Takes seconds, and up to two minutes.
    #[doc(alias = "toggle_maintenance_mode")]
    pub async fn maintenance_on(&self) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::On).await
    }

    /// Disables the supervision for `duration`, in whole seconds.
    ///
    /// Takes seconds, and up to two minutes.
    pub async fn maintenance_for(&self, duration: Duration) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::For(duration)).await
    }

    /// Enables the supervision again. Takes seconds, and up to two minutes.
    pub async fn maintenance_off(&self) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::Off).await
    }

    /// Disables or enables the supervision.
    pub async fn set_maintenance(&self, maintenance: Maintenance) -> Result<SetMaintenanceResult, Error> {
        self.database.execute(SetMaintenance { maintenance }).await
    }

    /// Returns the maintenance of one DB-Server; `None` if it has none.
    ///
    /// Since 3.10.1.
    #[doc(alias = "server_maintenance_mode")]
    pub async fn server_maintenance(
        &self,
        server: impl Into<ServerId>,
    ) -> Result<Option<ServerMaintenance>, Error> {
        self.database.execute(GetServerMaintenance { server: &server.into() }).await
    }

    /// Starts or ends the maintenance of one DB-Server. Since 3.10.1.
    #[doc(alias = "toggle_server_maintenance_mode")]
    pub async fn set_server_maintenance(
        &self,
        server: impl Into<ServerId>,
        maintenance: Maintenance,
    ) -> Result<(), Error> {
        self.database.execute(SetServerMaintenance { server: &server.into(), maintenance }).await
    }
}
