//! A handle on one coordinator.

mod monitoring;
mod upkeep;

use arango_cluster::{
    Availability, GetAvailability, GetServerId, GetServerMode, GetServerRole, GetStatus, GetVersion,
    ServerId, ServerMode, ServerRole, StatusReport, VersionInfo,
};
use arango_transport::Error;
use arango_transport::protocol::{ApiResponse, Operation};

use crate::Database;

/// A handle on one coordinator: what is asked through it is asked of that one and no other.
///
/// Whatever goes wrong there is an error; no other coordinator is tried. What changes something
/// on the coordinator that answers can only be asked here.
///
/// Each method executes one operation of [`arango_cluster`], where its facts, its traps and its types are described, and
/// fails as [`Database::execute`] does.
#[derive(Debug, Clone)]
pub struct CoordinatorHandle {
    database: Database,
}

impl CoordinatorHandle {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Logs in as `user` with every request of this handle, instead of as the client does.
    #[must_use]
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        Self { database: self.database.basic_auth(user, password) }
    }

    /// A handle on the database of this name whose calls all go to this coordinator.
    ///
    /// For what lives on one coordinator, such as a cursor.
    #[must_use]
    pub fn db(&self, name: &str) -> Database {
        self.database.named(name)
    }

    /// Executes an operation on this coordinator.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub async fn execute<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.database.execute(operation).await
    }

    /// Executes an operation on this coordinator and keeps the answer.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub async fn execute_keeping<O: Operation>(
        &self,
        operation: O,
    ) -> Result<(O::Output, ApiResponse), Error> {
        self.database.execute_keeping(operation).await
    }

    /// The id of this coordinator.
    pub async fn server_id(&self) -> Result<ServerId, Error> {
        self.execute(GetServerId).await
    }

    /// The role of this coordinator, which tells that it is one.
    pub async fn server_role(&self) -> Result<ServerRole, Error> {
        self.execute(GetServerRole).await
    }

    /// Whether it takes writes.
    pub async fn server_mode(&self) -> Result<ServerMode, Error> {
        self.execute(GetServerMode).await
    }

    /// The version of this coordinator.
    pub async fn version(&self) -> Result<VersionInfo, Error> {
        let version = self.execute(GetVersion::default()).await?;
        self.learn(version.version.as_deref());
        Ok(version)
    }

    /// Whether it takes requests at the moment; needs no login.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`]; that it takes none is an answer.
    pub async fn availability(&self) -> Result<Availability, Error> {
        self.execute(GetAvailability).await
    }

    /// What the coordinator tells of itself.
    pub async fn status(&self) -> Result<StatusReport, Error> {
        let status = self.execute(GetStatus).await?;
        self.learn(status.version.as_deref());
        Ok(status)
    }

    /// Keeps its version in mind, by which is known what it lacks.
    fn learn(&self, version: Option<&str>) {
        if let (Some(coordinator), Some(version)) = (self.database.pinned(&GetStatus::METADATA), version) {
            self.database.learn_version(coordinator, version);
        }
    }
}
