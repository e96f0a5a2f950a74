//! What a client offers of data besides its databases' own calls: databases and users.

use arango_data::{DropDatabase, ListAccessibleDatabases, ListDatabases};
use arango_transport::Error;
use arango_transport::protocol::DatabaseName;

use crate::client::Client;
use crate::data::{NewDatabase, Users};
use crate::handles::data_support::database_name;

/// The databases of the cluster. All methods need access to `_system`, and fail as
/// [`Database::execute`](crate::Database::execute) does.
impl Client {
    /// Lists all databases.
    #[doc(alias = "listDatabases")]
    #[inline]
    pub async fn databases(&self) -> Result<Vec<DatabaseName>, Error> {
        self.db("_system").execute(ListDatabases).await
    }

    /// Lists the databases that the user may access.
    #[doc(alias = "databases_accessible_to_user")]
    #[inline]
    pub async fn accessible_databases(&self) -> Result<Vec<DatabaseName>, Error> {
        self.db("_system").execute(ListAccessibleDatabases).await
    }

    /// Creates a database unless it exists, and returns a handle on it.
    ///
    /// ```no_run
    /// use arango::data::DatabaseSharding;
    ///
    /// # async fn example(client: &arango::Client) -> arango::Result<()> {
    /// let library = client.create_database("library").sharding(DatabaseSharding::Single).await?;
    /// println!("{:?}", library.info().await?);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "has_database")]
    #[doc(alias = "createDatabase")]
    pub fn create_database(&self, name: &str) -> NewDatabase {
        NewDatabase::new(self.db("_system"), self.db(name), name)
    }

    /// Returns a handle on the users of the cluster.
    pub fn users(&self) -> Users {
        Users::new(self.db("_system"))
    }

    /// Removes a database with all its collections. Sent once.
    ///
    /// # Errors
    ///
    /// [`DatabaseUnknown`](crate::ErrorKind::DatabaseUnknown) if there is none.
    #[doc(alias = "delete_database")]
    #[doc(alias = "dropDatabase")]
    #[inline]
    pub async fn drop_database(&self, name: &str) -> Result<(), Error> {
        let name = database_name::<DropDatabase>(name)?;
        self.db("_system").execute_resolving(DropDatabase { name }).await
    }
}
