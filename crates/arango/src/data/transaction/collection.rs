//! The documents of one collection within a transaction.

use std::marker::PhantomData;

use arango_data::{CountDocuments, TruncateCollection};
use arango_transport::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data::bulk::{InsertMany, RemoveMany, ReplaceMany, ToRemoval, UpdateMany};
use crate::data::collection::{Borrow, Collection};
use crate::data::insert::Insert;
use crate::data::key::ToKey;
use crate::data::read::{Exists, Get};
use crate::data::read_many::GetMany;
use crate::data::remove::Remove;
use crate::data::write::{Replace, Update};

/// The documents of one collection within a transaction.
///
/// Its calls are those of [`Collection`]. Each borrows the transaction until it is awaited, since a server executes one
/// request of a transaction at a time. No call is repeated or found out about if its response is lost: the transaction can
/// then only be aborted.
#[derive(Debug)]
pub struct TransactionCollection<'a> {
    collection: Collection,
    transaction: Borrow<'a>,
}

impl TransactionCollection<'_> {
    pub(super) fn new(collection: Collection) -> Self {
        Self { collection, transaction: PhantomData }
    }

    /// Inserts a document: see [`Collection::insert`].
    pub fn insert<T: Serialize + ?Sized>(&mut self, document: &T) -> Insert<'_> {
        self.collection.insert(document)
    }

    /// Inserts a document, or merges its attributes into the one that is there: see [`Collection::upsert`].
    pub fn upsert<T: Serialize + ?Sized>(&mut self, key: impl ToKey, document: &T) -> Insert<'_> {
        self.collection.upsert(key, document)
    }

    /// Reads a document; `None` if there is none with this key.
    pub fn get<T: DeserializeOwned>(&mut self, key: impl ToKey) -> Get<'_, T> {
        self.collection.get(key)
    }

    /// Reads several documents with one request; `None` for each that is not there.
    pub fn get_many<T: DeserializeOwned>(
        &mut self,
        keys: impl IntoIterator<Item = impl ToKey>,
    ) -> GetMany<'_, T> {
        self.collection.get_many(keys)
    }

    /// Returns whether there is a document with this key.
    pub fn exists(&mut self, key: impl ToKey) -> Exists<'_> {
        self.collection.exists(key)
    }

    /// Merges the attributes of a patch into a document.
    pub fn update<T: Serialize + ?Sized>(&mut self, key: impl ToKey, patch: &T) -> Update<'_> {
        self.collection.update(key, patch)
    }

    /// Replaces a document.
    pub fn replace<T: Serialize + ?Sized>(&mut self, key: impl ToKey, document: &T) -> Replace<'_> {
        self.collection.replace(key, document)
    }

    /// Removes a document. A document that is not there is no error.
    pub fn remove(&mut self, key: impl ToKey) -> Remove<'_> {
        self.collection.remove(key)
    }

    /// Inserts several documents, which succeed or fail one by one: see [`Collection::insert_many`].
    ///
    /// An item that meets a conflict, or of which it is unknown whether it was executed, ends the transaction as a call that
    /// does: it can then only be aborted, and its closure is run again. Any other item that fails leaves it as it is.
    pub fn insert_many<T: Serialize>(&mut self, documents: impl IntoIterator<Item = T>) -> InsertMany<'_> {
        self.collection.insert_many(documents)
    }

    /// Merges the attributes of a patch into each document: pairs of a key and a patch. Items fail as those of
    /// [`insert_many`](Self::insert_many).
    pub fn update_many<K: ToKey, T: Serialize>(
        &mut self,
        patches: impl IntoIterator<Item = (K, T)>,
    ) -> UpdateMany<'_> {
        self.collection.update_many(patches)
    }

    /// Replaces each document: pairs of a key and a document. Items fail as those of [`insert_many`](Self::insert_many).
    pub fn replace_many<K: ToKey, T: Serialize>(
        &mut self,
        documents: impl IntoIterator<Item = (K, T)>,
    ) -> ReplaceMany<'_> {
        self.collection.replace_many(documents)
    }

    /// Removes several documents, by their keys, or by pairs of a key and the expected revision. Items fail as those of
    /// [`insert_many`](Self::insert_many).
    pub fn remove_many(&mut self, documents: impl IntoIterator<Item = impl ToRemoval>) -> RemoveMany<'_> {
        self.collection.remove_many(documents)
    }

    /// Returns the number of documents, as the transaction sees it.
    ///
    /// # Errors
    ///
    /// As [`execute`](crate::Database::execute).
    #[inline]
    pub async fn count(&mut self) -> Result<u64, Error> {
        self.collection.execute(CountDocuments { collection: self.collection.name()?.clone() }).await
    }

    /// Removes all documents.
    ///
    /// # Errors
    ///
    /// As [`execute`](crate::Database::execute).
    #[inline]
    pub async fn truncate(&mut self) -> Result<(), Error> {
        self.collection.execute(TruncateCollection::new(self.collection.name()?)).await
    }
}
