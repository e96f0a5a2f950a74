//! Updating and replacing a document.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{OperationId, ReplaceDocument, Revision, Silent, UpdateDocument, WriteOutput, Written};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};

use crate::data::collection::{Borrow, Collection};
use crate::handles::data_support::invalid_request;

/// Implements what updates and replacements share.
macro_rules! changes {
    ($name:ident, $operation:ident) => {
        impl $name<'_> {
            #[inline]
            pub(super) fn new(collection: &Collection, operation: Result<$operation, BuildError>) -> Self {
                Self { collection: collection.clone(), operation, transaction: PhantomData }
            }
        }

        impl<'a, W> $name<'a, W> {
            /// Writes only if the document has this revision.
            ///
            /// Such a write can be repeated: at most one copy of it succeeds.
            #[inline]
            pub fn if_revision(self, revision: &Revision) -> Self {
                self.map(|operation| operation.if_revision(revision))
            }

            /// Writes only if the document has the revision in the attribute `_rev` of the new one.
            #[inline]
            pub fn if_body_revision(self) -> Self {
                self.map($operation::if_body_revision)
            }

            /// Writes only if this attribute has a higher number in the new document.
            ///
            /// The write can then be repeated. Since 3.12.
            pub fn version(self, attribute: impl Into<String>) -> Self {
                self.map(|operation| operation.version_attribute(attribute))
            }

            /// Waits until the write is on disk.
            #[inline]
            pub fn wait_for_sync(self) -> Self {
                self.map($operation::wait_for_sync)
            }

            /// Updates the entries of the document in the caches of indexes.
            #[inline]
            pub fn refill_index_caches(self) -> Self {
                self.map($operation::refill_index_caches)
            }

            /// Adds an attribute that tells this write from all others.
            #[inline]
            pub fn operation_id(self, id: OperationId) -> Self {
                self.map(|operation| operation.operation_id(id))
            }

            /// Returns only whether the write succeeded.
            #[inline]
            pub fn silent(self) -> $name<'a, Silent> {
                self.map($operation::silent)
            }

            fn map<V>(self, change: impl FnOnce($operation<W>) -> $operation<V>) -> $name<'a, V> {
                let operation = self.operation.map(change);
                $name { collection: self.collection, operation, transaction: PhantomData }
            }
        }

        impl<'a, New, Old> $name<'a, Written<New, Old>> {
            /// Returns the document after the write, too.
            pub fn return_new<T>(self) -> $name<'a, Written<T, Old>> {
                self.map($operation::return_new)
            }

            /// Returns the document before the write, too.
            pub fn return_old<T>(self) -> $name<'a, Written<New, T>> {
                self.map($operation::return_old)
            }
        }

        impl<'a, W: WriteOutput + Send + 'static> IntoFuture for $name<'a, W> {
            type Output = Result<W, Error>;
            type IntoFuture = BoxFuture<'a, Self::Output>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                Box::pin(async move {
                    let operation = self.operation.map_err(invalid_request::<$operation<W>>)?;
                    self.collection.execute_resolving(operation).await
                })
            }
        }

        impl<W> fmt::Debug for $name<'_, W> {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("operation", &self.operation).finish_non_exhaustive()
            }
        }
    };
}

/// An update, sent when it is awaited.
///
/// # Errors
///
/// [`DocumentNotFound`](crate::ErrorKind::DocumentNotFound); [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed)
/// if the document has another revision than the expected one; [`UniqueViolation`](crate::ErrorKind::UniqueViolation).
#[must_use = "a write is sent when it is awaited"]
pub struct Update<'a, W = Written> {
    collection: Collection,
    operation: Result<UpdateDocument<W>, BuildError>,
    transaction: Borrow<'a>,
}

changes!(Update, UpdateDocument);

impl<W> Update<'_, W> {
    /// Removes the attributes that are `null` in the patch; by default they become `null`.
    pub fn remove_nulls(self) -> Self {
        self.map(UpdateDocument::remove_nulls)
    }

    /// Replaces objects, instead of merging their attributes.
    pub fn replace_objects(self) -> Self {
        self.map(UpdateDocument::replace_objects)
    }
}

/// A replacement, sent when it is awaited.
///
/// # Errors
///
/// [`DocumentNotFound`](crate::ErrorKind::DocumentNotFound); [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed)
/// if the document has another revision than the expected one; [`UniqueViolation`](crate::ErrorKind::UniqueViolation).
#[must_use = "a write is sent when it is awaited"]
pub struct Replace<'a, W = Written> {
    collection: Collection,
    operation: Result<ReplaceDocument<W>, BuildError>,
    transaction: Borrow<'a>,
}

changes!(Replace, ReplaceDocument);
