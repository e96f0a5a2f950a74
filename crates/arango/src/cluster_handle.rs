//! The administration of a cluster, call by call.

mod agency;
mod deployment;
mod monitoring;
mod servers;
mod shards;

use std::time::Duration;

use arango_cluster::{
    GetMaintenance, GetServerId, GetServerMaintenance, GetServerMode, GetServerRole, Maintenance,
    MaintenanceSet, ServerId, ServerMaintenance, ServerMode, ServerRole, SetMaintenance,
    SetServerMaintenance, SetServerMode, SupervisionMode,
};
use arango_transport::Error;

use crate::Database;

/// The administration of a cluster. Cheap to clone.
///
/// Each method executes one operation of [`arango_cluster`], where its facts, its traps and its types
/// are described; [`Database::execute`] executes the rest. Reading goes to any coordinator and on to
/// the next if one fails; what changes something is sent again only where that does no harm.
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

    /// The id of whichever coordinator answers.
    pub async fn server_id(&self) -> Result<ServerId, Error> {
        self.database.execute(GetServerId).await
    }

    /// The role of whichever server answers.
    pub async fn server_role(&self) -> Result<ServerRole, Error> {
        self.database.execute(GetServerRole).await
    }

    /// Whether the cluster takes writes, as far as whichever coordinator answers knows.
    pub async fn server_mode(&self) -> Result<ServerMode, Error> {
        self.database.execute(GetServerMode).await
    }

    /// Makes the whole cluster read-only, or lets it take writes again.
    pub async fn set_server_mode(&self, mode: ServerMode) -> Result<ServerMode, Error> {
        self.database.execute(SetServerMode { mode }).await
    }

    /// Whether the supervision is in maintenance, that is, does nothing.
    pub async fn maintenance(&self) -> Result<SupervisionMode, Error> {
        self.database.execute(GetMaintenance).await
    }

    /// Switches the supervision off for an hour. Takes seconds, and up to two minutes.
    pub async fn maintenance_on(&self) -> Result<MaintenanceSet, Error> {
        self.set_maintenance(Maintenance::On).await
    }

    /// Switches the supervision off for `duration`, in whole seconds. Takes seconds, and up to two
    /// minutes.
    pub async fn maintenance_for(&self, duration: Duration) -> Result<MaintenanceSet, Error> {
        self.set_maintenance(Maintenance::For(duration)).await
    }

    /// Switches the supervision on again. Takes seconds, and up to two minutes.
    pub async fn maintenance_off(&self) -> Result<MaintenanceSet, Error> {
        self.set_maintenance(Maintenance::Off).await
    }

    /// Switches the supervision off or on.
    pub async fn set_maintenance(&self, maintenance: Maintenance) -> Result<MaintenanceSet, Error> {
        self.database.execute(SetMaintenance { maintenance }).await
    }

    /// Whether one DB-Server is in maintenance; `None` if not. Since 3.10.1.
    pub async fn server_maintenance(&self, server: &ServerId) -> Result<Option<ServerMaintenance>, Error> {
        self.database.execute(GetServerMaintenance { server }).await
    }

    /// Puts one DB-Server into maintenance or takes it out. Since 3.10.1.
    pub async fn set_server_maintenance(
        &self,
        server: &ServerId,
        maintenance: Maintenance,
    ) -> Result<(), Error> {
        self.database.execute(SetServerMaintenance { server, maintenance }).await
    }
}
