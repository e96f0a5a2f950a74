//! A database as a whole.

use arango_data::{
    AbortWriteTransactions, DatabaseInfo, GetCurrentDatabase, ListTransactions, OpenTransaction,
};
use arango_transport::Error;

use crate::handles::database::Database;

impl Database {
    /// Returns the properties of this database: its id, its sharding, and the defaults of its collections.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn info(&self) -> Result<DatabaseInfo, Error> {
        self.execute(GetCurrentDatabase).await
    }

    /// Lists the open transactions of the user in this database, on all coordinators.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[doc(alias = "list_transactions")]
    #[inline]
    pub async fn open_transactions(&self) -> Result<Vec<OpenTransaction>, Error> {
        self.execute(ListTransactions).await
    }

    /// Aborts all open transactions of the user that write, on all coordinators.
    ///
    /// Also those of other programs of this user.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn abort_write_transactions(&self) -> Result<(), Error> {
        self.execute(AbortWriteTransactions).await
    }
}
