//! Creating a database.

use std::future::IntoFuture;

use arango_data::{CreateDatabase, DatabaseSharding, ReplicationFactor};
use arango_transport::protocol::{DatabaseName, InvalidName};
use arango_transport::{BoxFuture, Error};

use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

/// The creation of a database, sent when it is awaited.
///
/// An existing database is no error, even if it has other properties.
///
/// # Errors
///
/// As [`Database::execute`]. It needs access to `_system`.
#[derive(Debug)]
#[must_use = "the database is created when it is awaited"]
pub struct NewDatabase {
    system: Database,
    created: Database,
    operation: Result<CreateDatabase, InvalidName>,
}

impl NewDatabase {
    pub(crate) fn new(system: Database, created: Database, name: &str) -> Self {
        let operation = DatabaseName::new(name).map(|name| CreateDatabase::new(&name).if_missing());
        Self { system, created, operation }
    }

    /// Sets how the collections are distributed; by default each for itself.
    #[inline]
    pub fn sharding(self, sharding: DatabaseSharding) -> Self {
        self.map(|operation| operation.sharding(sharding))
    }

    /// Sets the number of copies of each shard, for collections that do not set it.
    pub fn replication_factor(self, factor: impl Into<ReplicationFactor>) -> Self {
        self.map(|operation| operation.replication_factor(factor))
    }

    /// Sets how many copies must be in sync for a write, for collections that do not set it.
    #[inline]
    pub fn write_concern(self, copies: u64) -> Self {
        self.map(|operation| operation.write_concern(copies))
    }

    fn map(mut self, change: impl FnOnce(CreateDatabase) -> CreateDatabase) -> Self {
        self.operation = self.operation.map(change);
        self
    }
}

impl IntoFuture for NewDatabase {
    type Output = Result<Database, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let operation =
                self.operation.map_err(|invalid| invalid_request::<CreateDatabase>(invalid.into()))?;
            self.system.execute_resolving(operation).await?;
            Ok(self.created)
        })
    }
}
