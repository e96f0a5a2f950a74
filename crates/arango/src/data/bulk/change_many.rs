//! Updating and replacing several documents.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{CollectionName, ItemOutput, ReplaceDocuments, Silent, UpdateDocuments, Written};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use serde::Serialize;

use crate::data::bulk::chunks::Chunks;
use crate::data::bulk::report::BulkReport;
use crate::data::collection::{Borrow, Collection, invalid_name};
use crate::data::key::ToKey;
use crate::handles::data_support::invalid_request;

impl Collection {
    /// Merges the attributes of a patch into each document: pairs of a key and a patch.
    ///
    /// The documents succeed or fail one by one. There is one request for at most 10,000 of them and 8 MiB, one after
    /// the other.
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// let patches = [("dune", json!({ "year": 1965 })), ("emma", json!({ "year": 1815 }))];
    /// books.update_many(patches).await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "updateAll")]
    pub fn update_many<K: ToKey, T: Serialize>(
        &self,
        patches: impl IntoIterator<Item = (K, T)>,
    ) -> UpdateMany<'static> {
        UpdateMany::new(self, UpdateDocuments::new, patches)
    }

    /// Replaces each document: pairs of a key and a document.
    ///
    /// As [`update_many`](Self::update_many), but the whole document is written.
    #[doc(alias = "replaceAll")]
    pub fn replace_many<K: ToKey, T: Serialize>(
        &self,
        documents: impl IntoIterator<Item = (K, T)>,
    ) -> ReplaceMany<'static> {
        ReplaceMany::new(self, ReplaceDocuments::new, documents)
    }
}

/// Implements what updates and replacements share.
macro_rules! changes_many {
    ($name:ident, $operation:ident) => {
        impl $name<'static> {
            fn new<K: ToKey, T: Serialize>(
                collection: &Collection,
                empty: fn(&CollectionName) -> $operation,
                documents: impl IntoIterator<Item = (K, T)>,
            ) -> Self {
                let chunks = collection.operation(|name| {
                    let mut chunks = Chunks::new(empty(name));
                    for (key, document) in documents {
                        chunks.add(|write| {
                            let key = key.to_key().map_err(|invalid| invalid_name("key", &invalid))?;
                            write.push(&key, &document)
                        });
                    }
                    Ok(chunks)
                });
                Self { collection: collection.clone(), chunks, transaction: PhantomData }
            }
        }

        impl<'a, W: ItemOutput> $name<'a, W> {
            /// Writes a document only if it has the revision in the attribute `_rev` of its item.
            ///
            /// Such a write can be repeated: at most one copy of it succeeds. It has no effect on an item without one.
            #[inline]
            pub fn if_body_revision(self) -> Self {
                self.map($operation::if_body_revision)
            }

            /// Writes only if this attribute has a higher number in the new document.
            ///
            /// The write can then be repeated. Since 3.12.
            pub fn version(self, attribute: impl Into<String>) -> Self {
                let attribute = attribute.into();
                self.map(|write| write.version_attribute(attribute.as_str()))
            }

            /// Waits until the writes are on disk.
            #[inline]
            pub fn wait_for_sync(self) -> Self {
                self.map($operation::wait_for_sync)
            }

            /// Updates the entries of the documents in the caches of indexes.
            #[inline]
            pub fn refill_index_caches(self) -> Self {
                self.map($operation::refill_index_caches)
            }

            /// Returns only whether each write succeeded.
            #[inline]
            pub fn silent(self) -> $name<'a, Silent> {
                self.map($operation::silent)
            }
        }

        impl<'a, W> $name<'a, W> {
            fn map<V>(self, change: impl Fn($operation<W>) -> $operation<V>) -> $name<'a, V> {
                let chunks = self.chunks.map(|chunks| chunks.map(change));
                $name { collection: self.collection, chunks, transaction: PhantomData }
            }
        }

        impl<'a, New, Old> $name<'a, Written<New, Old>> {
            /// Returns each document after the write, too.
            pub fn return_new<T>(self) -> $name<'a, Written<T, Old>> {
                self.map($operation::return_new)
            }

            /// Returns each document before the write, too.
            pub fn return_old<T>(self) -> $name<'a, Written<New, T>> {
                self.map($operation::return_old)
            }
        }

        impl<'a, W: ItemOutput + Send + Sync + 'static> IntoFuture for $name<'a, W> {
            type Output = Result<BulkReport<W>, Error>;
            type IntoFuture = BoxFuture<'a, Self::Output>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                Box::pin(async move {
                    let chunks = self.chunks.map_err(invalid_request::<$operation<W>>)?;
                    chunks.send(&self.collection).await
                })
            }
        }

        impl<W> fmt::Debug for $name<'_, W> {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("chunks", &self.chunks).finish_non_exhaustive()
            }
        }
    };
}

/// An update of several documents, sent when it is awaited.
///
/// # Errors
///
/// As [`InsertMany`](crate::data::InsertMany).
#[must_use = "a write is sent when it is awaited"]
pub struct UpdateMany<'a, W = Written> {
    collection: Collection,
    chunks: Result<Chunks<UpdateDocuments<W>>, BuildError>,
    transaction: Borrow<'a>,
}

changes_many!(UpdateMany, UpdateDocuments);

impl<W> UpdateMany<'_, W> {
    /// Removes the attributes that are `null` in a patch; by default they become `null`.
    pub fn remove_nulls(self) -> Self {
        self.map(UpdateDocuments::remove_nulls)
    }

    /// Replaces objects, instead of merging their attributes.
    pub fn replace_objects(self) -> Self {
        self.map(UpdateDocuments::replace_objects)
    }
}

/// A replacement of several documents, sent when it is awaited.
///
/// # Errors
///
/// As [`InsertMany`](crate::data::InsertMany).
#[must_use = "a write is sent when it is awaited"]
pub struct ReplaceMany<'a, W = Written> {
    collection: Collection,
    chunks: Result<Chunks<ReplaceDocuments<W>>, BuildError>,
    transaction: Borrow<'a>,
}

changes_many!(ReplaceMany, ReplaceDocuments);
