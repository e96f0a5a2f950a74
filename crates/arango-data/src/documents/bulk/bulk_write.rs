//! Finding out about the items of a bulk write.

use std::sync::Arc;

use arango_protocol::{DatabaseName, Failure, Operation, Outcome};

use super::item_error::ItemError;
use super::item_output::ItemOutput;
use crate::documents::read_each::{DocumentResult, ReadEachDocument};

/// A write of several documents, each of which succeeds or fails alone.
///
/// Its output has a result for each item, in the order of the items. All functions are pure: they say what to send
/// again, what to read, and what that shows. Sealed: it cannot be implemented outside of this crate.
pub trait BulkWrite: Operation<Output = Vec<Result<Self::Item, ItemError>>> + Sized + Sealed {
    /// What a successful item returns.
    type Item: ItemOutput;

    /// Returns the number of items.
    fn len(&self) -> usize;

    /// Returns whether there are no items.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the length of the request's body, in bytes.
    fn bytes(&self) -> usize;

    /// Declares that no item is added any more: the body is then sent without being copied.
    fn seal(&mut self);

    /// Returns a write without items, with the same options.
    #[must_use]
    fn without_items(&self) -> Self;

    /// Removes the last item, and returns a write of it alone, with the same options.
    #[must_use]
    fn split_last(&mut self) -> Self;

    /// Returns the results of the items if the request failed as a whole.
    ///
    /// `message` is the error of the request.
    fn failed(&self, failure: &Failure, message: &Arc<str>) -> Vec<Result<Self::Item, ItemError>>;

    /// Returns a write of the items whose generated key was refused, without it, and their places.
    fn without_refused_keys(&mut self, items: &[Result<Self::Item, ItemError>])
    -> Option<(Self, Vec<usize>)>;

    /// Returns a write of the items that were refused for a transient reason and may be sent again, and their places.
    ///
    /// An item that may have been executed is among them only if a second copy of it does no harm.
    fn repeatable(&self, items: &[Result<Self::Item, ItemError>]) -> Option<(Self, Vec<usize>)>;

    /// Returns what to read to find out about the items in doubt, and their places.
    fn question(&self, items: &[Result<Self::Item, ItemError>]) -> Option<(ReadEachDocument, Vec<usize>)>;

    /// Replaces the errors of the items in doubt by what their documents show.
    ///
    /// `answers` are the output of the question; `None` if it failed.
    fn resolve(
        &self,
        items: &mut [Result<Self::Item, ItemError>],
        places: &[usize],
        answers: Option<&[DocumentResult]>,
    );

    /// Adds a ticket to each error of an item with a key whose outcome is unknown.
    fn add_tickets(
        &self,
        items: &mut [Result<Self::Item, ItemError>],
        database: &DatabaseName,
        unix_millis: u64,
    );
}

/// Replaces the results at these places by those of another copy; `Err` if its request has failed as a whole.
///
/// An error keeps what another copy of the item may have done.
pub fn merge_items<W>(
    items: &mut [Result<W, ItemError>],
    places: &[usize],
    copies: Result<Vec<Result<W, ItemError>>, Outcome>,
) {
    let copies = match copies {
        Ok(copies) => copies,
        Err(Outcome::NotExecuted) => return,
        Err(_) => {
            // The errors of the items say more than that of the request.
            for place in places {
                if let Some(Err(error)) = items.get_mut(*place) {
                    error.after_ambiguous_attempt();
                }
            }
            return;
        }
    };
    for (place, mut copy) in places.iter().zip(copies) {
        let Some(item) = items.get_mut(*place) else { continue };
        if let (Err(before), Err(after)) = (&*item, &mut copy)
            && before.outcome() != Outcome::NotExecuted
        {
            after.after_ambiguous_attempt();
        }
        *item = copy;
    }
}

/// Records that an earlier copy of all items may have been executed.
pub fn after_ambiguous_attempt<W>(items: &mut [Result<W, ItemError>]) {
    items.iter_mut().filter_map(|item| item.as_mut().err()).for_each(ItemError::after_ambiguous_attempt);
}

mod sealed {
    pub trait Sealed {}
}

pub(super) use sealed::Sealed;

/// Implements [`BulkWrite`] and what else all bulk writes share, by the field `batch`.
macro_rules! bulk_write {
    ($name:ident, $output:ty, [$($parameter:ident: $bound:path),*]) => {
        impl<$($parameter: $bound),*> Sealed for $name<$($parameter),*> {}

        impl<$($parameter: $bound),*> BulkWrite for $name<$($parameter),*> {
            type Item = $output;

            #[inline]
            fn len(&self) -> usize {
                self.batch.elements.items().len()
            }

            #[inline]
            fn bytes(&self) -> usize {
                self.batch.elements.bytes()
            }

            #[inline]
            fn seal(&mut self) {
                self.batch.elements.seal();
            }

            #[inline]
            fn without_items(&self) -> Self {
                Self { batch: self.batch.with_elements(Elements::new()), output: PhantomData }
            }

            #[inline]
            fn split_last(&mut self) -> Self {
                Self { batch: self.batch.split_last(), output: PhantomData }
            }

            #[inline]
            fn failed(&self, failure: &Failure, message: &Arc<str>) -> Vec<Result<$output, ItemError>> {
                self.batch.failed(failure, message)
            }

            #[inline]
            fn without_refused_keys(
                &mut self,
                items: &[Result<$output, ItemError>],
            ) -> Option<(Self, Vec<usize>)> {
                let (batch, places) = self.batch.without_refused_keys(items)?;
                Some((Self { batch, output: PhantomData }, places))
            }

            #[inline]
            fn repeatable(&self, items: &[Result<$output, ItemError>]) -> Option<(Self, Vec<usize>)> {
                let (batch, places) = self.batch.repeatable(items)?;
                Some((Self { batch, output: PhantomData }, places))
            }

            #[inline]
            fn question(
                &self,
                items: &[Result<$output, ItemError>],
            ) -> Option<(ReadEachDocument, Vec<usize>)> {
                self.batch.question(items)
            }

            #[inline]
            fn resolve(
                &self,
                items: &mut [Result<$output, ItemError>],
                places: &[usize],
                answers: Option<&[DocumentResult]>,
            ) {
                self.batch.resolve_all(items, places, answers);
            }

            #[inline]
            fn add_tickets(
                &self,
                items: &mut [Result<$output, ItemError>],
                database: &DatabaseName,
                unix_millis: u64,
            ) {
                self.batch.add_tickets(items, database, unix_millis);
            }
        }

        impl<$($parameter),*> Clone for $name<$($parameter),*> {
            #[inline]
            fn clone(&self) -> Self {
                Self { batch: self.batch.clone(), output: PhantomData }
            }
        }

        // Without the documents, which may be secret.
        impl<$($parameter),*> std::fmt::Debug for $name<$($parameter),*> {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("write", &self.batch.write)
                    .field("items", &self.batch.elements.items().len())
                    .finish_non_exhaustive()
            }
        }
    };
}

/// Implements the options that bulk writes with documents share.
macro_rules! bulk_options {
    ($name:ident) => {
        impl<W> $name<W> {
            /// Waits until the writes are on disk.
            ///
            /// Otherwise the collection decides.
            #[must_use]
            #[inline]
            pub fn wait_for_sync(mut self) -> Self {
                self.batch.write.options_mut().waits_for_sync = true;
                self
            }

            /// Updates the entries of the documents in the caches of indexes.
            ///
            /// Since 3.10.2.
            #[must_use]
            #[inline]
            pub fn refill_index_caches(mut self) -> Self {
                self.batch.write.options_mut().refills_index_caches = true;
                self
            }

            /// Overwrites a document only if this attribute has a higher number than before.
            ///
            /// Such a write can be repeated. Since 3.12.
            #[must_use]
            pub fn version_attribute(mut self, name: impl Into<String>) -> Self {
                self.batch.write.options_mut().version_attribute = Some(name.into());
                self
            }

            /// Returns only whether each write succeeded.
            ///
            /// The server is not asked to be silent: it would leave out the successes, and so the places of the errors.
            #[must_use]
            #[inline]
            pub fn silent(self) -> $name<Silent> {
                $name { batch: self.batch, output: PhantomData }
            }
        }

        impl<New, Old> $name<Written<New, Old>> {
            /// Returns each document after the write, too.
            #[must_use]
            pub fn return_new<T>(mut self) -> $name<Written<T, Old>> {
                self.batch.write.options_mut().returns_new = true;
                $name { batch: self.batch, output: PhantomData }
            }

            /// Returns each document before the write, too.
            #[must_use]
            pub fn return_old<T>(mut self) -> $name<Written<New, T>> {
                self.batch.write.options_mut().returns_old = true;
                $name { batch: self.batch, output: PhantomData }
            }
        }
    };
}

pub(super) use {bulk_options, bulk_write};
