//! Databases: their list, creation and removal.

use arango_data::{CreateDatabase, DropDatabase, ListDatabases};
use arango_transport::Error;
use arango_transport::protocol::DatabaseName;

use crate::client::Client;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;

/// The databases of the cluster. All methods fail as [`Database::execute`] does, and need access to `_system`.
impl Client {
    /// Lists all databases.
    pub async fn databases(&self) -> Result<Vec<DatabaseName>, Error> {
        self.db("_system").execute(ListDatabases).await
    }

    /// Creates a database unless it exists, and returns a handle on it.
    ///
    /// [`CreateDatabase`] has options for sharding and copies.
    ///
    /// # Errors
    ///
    /// If the name is invalid.
    pub async fn create_database(&self, name: &str) -> Result<Database, Error> {
        let name = database_name::<CreateDatabase>(name)?;
        self.db("_system").execute_resolving(CreateDatabase::new(&name).if_missing()).await?;
        Ok(self.db(name.as_str()))
    }

    /// Removes a database with all its collections. Sent once.
    ///
    /// # Errors
    ///
    /// [`DatabaseUnknown`](crate::ErrorKind::DatabaseUnknown) if there is none.
    pub async fn drop_database(&self, name: &str) -> Result<(), Error> {
        let name = database_name::<DropDatabase>(name)?;
        self.db("_system").execute_resolving(DropDatabase { name }).await
    }
}

fn database_name<O: arango_transport::protocol::Operation>(name: &str) -> Result<DatabaseName, Error> {
    DatabaseName::new(name).map_err(|invalid| invalid_request::<O>(invalid.into()))
}
