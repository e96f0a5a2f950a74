//! Waiting until the collections of a schema are known to all coordinators.

use super::{Incomplete, PollOptions, PropagationStatus};
use crate::data::EnsuredSchema;
use crate::handles::database::Database;

impl EnsuredSchema {
    /// Waits until every reachable coordinator knows the collections of the schema.
    ///
    /// `database` is that of the schema. The limit holds for each collection.
    ///
    /// # Errors
    ///
    /// As [`Database::wait_for_collection`], for the first collection that is not known in time.
    #[inline]
    pub async fn wait_for_propagation(
        &self,
        database: &Database,
        options: PollOptions,
    ) -> Result<(), Incomplete<PropagationStatus>> {
        for collection in self.collections() {
            database.wait_for_collection(collection.as_str(), options).await?;
        }
        Ok(())
    }
}
