//! Collections as a whole: their list, properties, sizes, and removal.

use std::collections::BTreeMap;

use arango_data::{
    CollectionFigures, CollectionInfo, CollectionProperties, CountDocuments, CountDocumentsByShard,
    DropCollection, GetCollection, GetCollectionFigures, GetCollectionProperties, GetCollectionShards,
    GetResponsibleShard, ListCollections, ShardReplicas, TruncateCollection,
};
use arango_transport::Error;
use serde::Serialize;

use crate::data::collection::Collection;
use crate::handles::database::Database;
use crate::handles::time_limit::TimeLimit;

impl Database {
    /// Lists the collections of the database, without those of the system.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    #[inline]
    pub async fn collections(&self) -> Result<Vec<CollectionInfo>, Error> {
        self.execute(ListCollections::new()).await
    }
}

/// The collection as a whole. All methods fail as [`Database::execute`] does.
impl Collection {
    /// Returns the properties: shards, copies, key generator, schema and others.
    #[inline]
    pub async fn properties(&self) -> Result<CollectionProperties, Error> {
        self.database().execute(GetCollectionProperties { collection: self.name()?.clone() }).await
    }

    /// Returns the number of documents.
    #[inline]
    pub async fn count(&self) -> Result<u64, Error> {
        self.database().execute(CountDocuments { collection: self.name()?.clone() }).await
    }

    /// Returns the number of documents of each shard.
    #[inline]
    pub async fn count_by_shard(&self) -> Result<BTreeMap<String, u64>, Error> {
        self.database().execute(CountDocumentsByShard { collection: self.name()?.clone() }).await
    }

    /// Returns the shards, and the DB-Servers of each.
    #[inline]
    pub async fn shards(&self) -> Result<BTreeMap<String, ShardReplicas>, Error> {
        self.database().execute(GetCollectionShards { collection: self.name()?.clone() }).await
    }

    /// Returns the shard that a document with these shard keys belongs to. The document need not exist.
    pub async fn responsible_shard<T: Serialize + ?Sized>(&self, document: &T) -> Result<String, Error> {
        self.database().execute(GetResponsibleShard::new(self.name()?, document)).await
    }

    /// Returns the sizes of the documents and indexes.
    #[doc(alias = "statistics")]
    #[inline]
    pub async fn figures(&self) -> Result<CollectionFigures, Error> {
        self.database().execute(GetCollectionFigures { collection: self.name()?.clone() }).await
    }

    /// Removes all documents. Sent once.
    #[inline]
    pub async fn truncate(&self) -> Result<(), Error> {
        self.database().execute_resolving(TruncateCollection::new(self.name()?)).await
    }

    /// Removes the collection, and no other that gets its name meanwhile.
    ///
    /// Its id is read first, so that the removal can be repeated.
    ///
    /// # Errors
    ///
    /// [`CollectionNotFound`](crate::ErrorKind::CollectionNotFound) if there is none.
    #[doc(alias = "delete_collection")]
    #[inline]
    pub async fn drop_collection(&self) -> Result<(), Error> {
        let get = GetCollection { collection: self.name()?.clone() };
        let limit = TimeLimit::start(self.database(), &get);
        let collection = self.database().execute(get).await.map_err(Error::before_execution)?;
        let database = limit.apply(self.database());
        database.execute_resolving(DropCollection::by_id(&collection.id)).await
    }
}
