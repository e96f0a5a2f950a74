//! A database as a whole.

use arango_data::{DatabaseInfo, GetCurrentDatabase};
use arango_transport::Error;

use crate::handles::database::Database;

impl Database {
    /// Returns the properties of this database: its id, its sharding, and the defaults of its collections.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn info(&self) -> Result<DatabaseInfo, Error> {
        self.execute(GetCurrentDatabase).await
    }
}
