//! Collections as a whole: their list, properties, sizes, and removal.

use arango_data::{
    CollectionFigures, CollectionInfo, CollectionProperties, CountDocuments, DropCollection, GetCollection,
    GetCollectionFigures, GetCollectionProperties, ListCollections, TruncateCollection,
};
use arango_transport::Error;

use crate::data::collection::Collection;
use crate::handles::database::Database;

impl Database {
    /// Lists the collections of the database, without those of the system.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn collections(&self) -> Result<Vec<CollectionInfo>, Error> {
        self.execute(ListCollections::new()).await
    }
}

/// The collection as a whole. All methods fail as [`Database::execute`] does.
impl Collection {
    /// Returns the properties: shards, copies, key generator, schema and others.
    pub async fn properties(&self) -> Result<CollectionProperties, Error> {
        self.database.execute(GetCollectionProperties { collection: self.name()?.clone() }).await
    }

    /// Returns the number of documents.
    pub async fn count(&self) -> Result<u64, Error> {
        self.database.execute(CountDocuments { collection: self.name()?.clone() }).await
    }

    /// Returns the sizes of the documents and indexes.
    pub async fn figures(&self) -> Result<CollectionFigures, Error> {
        self.database.execute(GetCollectionFigures { collection: self.name()?.clone() }).await
    }

    /// Removes all documents. Sent once.
    pub async fn truncate(&self) -> Result<(), Error> {
        self.database.execute_resolving(TruncateCollection::new(self.name()?)).await
    }

    /// Removes the collection, and no other that gets its name meanwhile.
    ///
    /// Its id is read first, so that the removal can be repeated.
    ///
    /// # Errors
    ///
    /// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound) if there is none.
    pub async fn drop_collection(&self) -> Result<(), Error> {
        let collection = self.database.execute(GetCollection { collection: self.name()?.clone() }).await?;
        self.database.execute_resolving(DropCollection::by_id(&collection.id)).await
    }
}
