//! Handle on one coordinator.

mod monitoring;
mod server_admin;

use arango_cluster::{
    Availability, GetAvailability, GetServerId, GetServerMode, GetServerRole, GetStatus, GetVersion,
    ServerId, ServerMode, ServerRole, StatusReport, VersionInfo,
};
use arango_transport::Error;
use arango_transport::protocol::{Affinity, ApiResponse, Operation};

use crate::handles::database::Database;

/// Handle on one coordinator, to which all calls are pinned.
///
/// Every failure there is returned as an error; no other coordinator is tried. Operations that change something on
/// the coordinator that receives them are only available here.
///
/// Each method executes one operation of [`arango_cluster`], where its metadata, pitfalls and types are documented,
/// and fails as [`Database::execute`] does.
///
/// ```no_run
/// # async fn example(client: &arango::Client) -> arango::Result<()> {
/// for state in client.coordinators() {
///     let coordinator = client.coordinator(&state.address);
///     println!("{}: {}", state.address, coordinator.version().await?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CoordinatorHandle {
    database: Database,
}

impl CoordinatorHandle {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Sends basic credentials with every request of this handle.
    ///
    /// They replace those of the client.
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        Self { database: self.database.basic_auth(user, password) }
    }

    /// Returns a handle on a database, pinned to this coordinator.
    ///
    /// The database is that of this name. Useful for resources of one coordinator, such as a cursor.
    #[must_use]
    pub fn db(&self, name: &str) -> Database {
        self.database.with_name(name)
    }

    /// Executes an operation on this coordinator.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.database.execute(operation).await
    }

    /// Executes an operation on this coordinator and returns the response too.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub async fn execute_with_response<O: Operation>(
        &self,
        operation: O,
    ) -> Result<(O::Output, ApiResponse), Error> {
        self.database.execute_with_response(operation).await
    }

    /// Returns the id of this coordinator.
    #[inline]
    pub async fn server_id(&self) -> Result<ServerId, Error> {
        self.execute(GetServerId).await
    }

    /// Returns the role of this server: [`ServerRole::Coordinator`] if it is one.
    #[inline]
    pub async fn server_role(&self) -> Result<ServerRole, Error> {
        self.execute(GetServerRole).await
    }

    /// Returns whether it accepts writes.
    #[inline]
    pub async fn server_mode(&self) -> Result<ServerMode, Error> {
        self.execute(GetServerMode).await
    }

    /// Returns the version of this coordinator.
    #[inline]
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        let version = self.execute(GetVersion::default()).await?;
        self.record_version(version.version.as_deref());
        Ok(version)
    }

    /// Returns whether it accepts requests at the moment; needs no login.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`]; unavailability is a value, not an error.
    #[doc(alias = "check_availability")]
    #[inline]
    pub async fn availability(&self) -> Result<Availability, Error> {
        self.execute(GetAvailability).await
    }

    /// Returns the coordinator's status report.
    #[inline]
    pub async fn status(&self) -> Result<StatusReport, Error> {
        let status = self.execute(GetStatus).await?;
        self.record_version(status.version.as_deref());
        Ok(status)
    }

    /// Records the version, which decides what the coordinator supports.
    fn record_version(&self, version: Option<&str>) {
        if let (Some(coordinator), Some(version)) =
            (self.database.pinned(GetStatus::METADATA.scope, Affinity::Any), version)
        {
            self.database.record_version(coordinator, version);
        }
    }
}
