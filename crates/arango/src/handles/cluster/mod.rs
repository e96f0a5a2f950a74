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
/// Every method fails as [`Database::execute`] does. Limits, credentials and options are those of the handle on the
/// database from which it was made: `client.db("_system").timeout(limit).cluster()`.
///
/// ```no_run
/// # async fn example(client: &arango::Client) -> arango::Result<()> {
/// let cluster = client.cluster();
/// let health = cluster.health().await?;
/// println!("{health}"); // a table of all servers
/// for (id, server) in health.servers().filter(|(_, server)| !server.is_good()) {
///     println!("{id} ({}) is {}", server.role, server.status);
/// }
/// println!("{}", cluster.maintenance().await?);
/// # Ok(())
/// # }
/// ```
///
/// | task | methods |
/// |---|---|
/// | servers | [`health`](Self::health), [`server_count`](Self::server_count), [`server_version`](Self::server_version), [`server_metrics`](Self::server_metrics), [`server_log_entries`](Self::server_log_entries) |
/// | maintenance | [`maintenance_for`](Self::maintenance_for), [`maintenance_off`](Self::maintenance_off), [`set_server_maintenance`](Self::set_server_maintenance) |
/// | shards | [`imbalance`](Self::imbalance), [`prepare_rebalance`](Self::prepare_rebalance), [`shard_distribution`](Self::shard_distribution), [`move_shard_and_watch`](Self::move_shard_and_watch) |
/// | fewer servers, other processes | [`decommission_server`](Self::decommission_server), [`rolling_restart`](Self::rolling_restart) |
/// | waiting | [`wait_until_healthy`](Self::wait_until_healthy), [`wait_until_in_sync`](Self::wait_until_in_sync), [`wait_until_idle`](Self::wait_until_idle) |
#[derive(Debug, Clone)]
pub struct Cluster {
    pub(crate) database: Database,
}

impl Cluster {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Returns the id of the coordinator that responds.
    #[inline]
    pub async fn server_id(&self) -> Result<ServerId, Error> {
        self.database.execute(GetServerId).await
    }

    /// Returns the role of the server that responds.
    #[inline]
    pub async fn server_role(&self) -> Result<ServerRole, Error> {
        self.database.execute(GetServerRole).await
    }

    /// Returns whether the cluster accepts writes.
    ///
    /// The answer is as seen by the coordinator that responds.
    #[inline]
    pub async fn server_mode(&self) -> Result<ServerMode, Error> {
        self.database.execute(GetServerMode).await
    }

    /// Makes the whole cluster read-only, or writable again.
    #[doc(alias = "set_mode")]
    #[inline]
    pub async fn set_server_mode(&self, mode: ServerMode) -> Result<ServerMode, Error> {
        self.database.execute(SetServerMode { mode }).await
    }

    /// Returns whether the supervision is in maintenance, that is, inactive.
    #[inline]
    pub async fn maintenance(&self) -> Result<SupervisionMode, Error> {
        self.database.execute(GetMaintenance).await
    }

    /// Disables the supervision for an hour.
    ///
    /// Takes seconds, and up to two minutes.
    #[doc(alias = "toggle_maintenance_mode")]
    #[inline]
    pub async fn maintenance_on(&self) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::On).await
    }

    /// Disables the supervision for `duration`, in whole seconds.
    ///
    /// Takes seconds, and up to two minutes.
    #[inline]
    pub async fn maintenance_for(&self, duration: Duration) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::For(duration)).await
    }

    /// Enables the supervision again. Takes seconds, and up to two minutes.
    #[inline]
    pub async fn maintenance_off(&self) -> Result<SetMaintenanceResult, Error> {
        self.set_maintenance(Maintenance::Off).await
    }

    /// Disables or enables the supervision.
    #[inline]
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
