//! Updating and replacing several documents with one request.

use std::marker::PhantomData;
use std::sync::Arc;

use arango_protocol::{
    ApiResponse, BuildError, DatabaseName, Failure, Metadata, Operation, OutputError, Permission,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::batch::{Batch, Change};
use super::bulk_write::{BulkWrite, Sealed, bulk_options, bulk_write};
use super::elements::{ElementKey, Elements};
use super::item_error::ItemError;
use super::item_output::ItemOutput;
use crate::documents::read_each::{DocumentResult, ReadEachDocument};
use crate::documents::write_output::{Silent, Written};
use crate::names::{CollectionName, Key};

/// Implements what bulk updates and bulk replacements share.
macro_rules! bulk_changes {
    ($name:ident, $change:expr, $method:ident, $metadata:literal) => {
        bulk_write!($name, W, [W: ItemOutput]);
        bulk_options!($name);

        impl $name {
            /// Creates a write without documents.
            #[must_use]
            pub fn new(collection: &CollectionName) -> Self {
                Self { batch: Batch::new(collection, $change), output: PhantomData }
            }
        }

        impl<W> $name<W> {
            /// Adds what is written to the document with this key, serialised at once.
            ///
            /// # Errors
            ///
            /// If it is no valid document, see [`write_document`](crate::write_document), or has another key. Then it is
            /// not added.
            pub fn push<T: Serialize + ?Sized>(&mut self, key: &Key, document: &T) -> Result<(), BuildError> {
                let no_key = ElementKey::<fn() -> Key>::Given(key);
                self.batch.elements.push(document, no_key)
            }

            /// Writes a document only if it has the `_rev` of its item.
            ///
            /// Such a write can be repeated. It has no effect on an item without one.
            #[must_use]
            pub fn if_body_revision(mut self) -> Self {
                self.batch.write.options_mut().checks_body_revision = true;
                self
            }
        }

        impl<W: ItemOutput> Operation for $name<W> {
            type Output = Vec<Result<W, ItemError>>;

            const METADATA: Metadata = Metadata::$method($metadata, "/_api/document/{collection}")
                .scope(Scope::Database)
                .permission(Permission::Write);

            #[inline]
            fn properties(&self) -> RequestProperties {
                self.batch.properties(&Self::METADATA)
            }

            #[inline]
            fn request(&self) -> Result<Request<Bytes>, BuildError> {
                self.batch.request(Self::METADATA)
            }

            #[inline]
            fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
                self.batch.output(&response)
            }
        }
    };
}

/// Changes attributes of several documents with one request. Each of them succeeds or fails alone.
///
/// It can be repeated if that is so for each document, as [`UpdateDocument`](crate::UpdateDocument) says.
///
/// # Errors
///
/// As [`InsertDocuments`](crate::InsertDocuments). In an item also 1202 if the document does not exist, and 1200 if it
/// has another revision or another write runs at the same time.
pub struct UpdateDocuments<W = Written> {
    batch: Batch,
    output: PhantomData<fn() -> W>,
}

bulk_changes!(UpdateDocuments, Change::Update, patch, "document.update_many");

impl<W> UpdateDocuments<W> {
    /// Removes the attributes that are `null` in a patch, except in arrays.
    ///
    /// Default: they become `null`.
    #[must_use]
    pub fn remove_nulls(mut self) -> Self {
        self.batch.write.options_mut().removes_nulls = true;
        self
    }

    /// Replaces objects, instead of merging their attributes.
    #[must_use]
    pub fn replace_objects(mut self) -> Self {
        self.batch.write.options_mut().replaces_objects = true;
        self
    }
}

/// Replaces several documents with one request. Each of them succeeds or fails alone.
///
/// It can be repeated if that is so for each document, as [`ReplaceDocument`](crate::ReplaceDocument) says.
///
/// # Errors
///
/// As [`UpdateDocuments`](crate::UpdateDocuments).
pub struct ReplaceDocuments<W = Written> {
    batch: Batch,
    output: PhantomData<fn() -> W>,
}

bulk_changes!(ReplaceDocuments, Change::Replace, put, "document.replace_many");
