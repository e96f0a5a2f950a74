//! The options that writes of documents share.

/// Implements the options that inserts, updates and replacements share.
macro_rules! write_options {
    ($name:ident) => {
        impl<W> $name<W> {
            /// Waits until the write is on disk.
            ///
            /// Otherwise the collection decides.
            #[must_use]
            #[inline]
            pub fn wait_for_sync(mut self) -> Self {
                self.write.waits_for_sync = true;
                self
            }

            /// Updates the entries of the document in the caches of indexes.
            ///
            /// Since 3.10.2.
            #[must_use]
            #[inline]
            pub fn refill_index_caches(mut self) -> Self {
                self.write.refills_index_caches = true;
                self
            }

            /// Adds an attribute that tells this write from all others.
            ///
            /// If the response is lost, it shows whether the write was executed.
            #[must_use]
            #[inline]
            pub fn operation_id(mut self, id: OperationId) -> Self {
                self.write.operation_id = Some(id);
                self
            }

            /// Returns only whether the write succeeded.
            #[must_use]
            #[inline]
            pub fn silent(mut self) -> $name<Silent> {
                self.write.is_silent = true;
                self.with_output()
            }
        }

        impl<New, Old> $name<Written<New, Old>> {
            /// Returns the document after the write, too.
            #[must_use]
            pub fn return_new<T>(mut self) -> $name<Written<T, Old>> {
                self.write.returns_new = true;
                self.with_output()
            }

            /// Returns the document before the write, too.
            #[must_use]
            pub fn return_old<T>(mut self) -> $name<Written<New, T>> {
                self.write.returns_old = true;
                self.with_output()
            }
        }

        impl<W> Clone for $name<W> {
            #[inline]
            fn clone(&self) -> Self {
                Self { write: self.write.clone(), ..*self }
            }
        }

        impl<W> std::fmt::Debug for $name<W> {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.write).finish()
            }
        }
    };
}

/// Implements the conditions that updates and replacements share.
macro_rules! change_options {
    ($name:ident) => {
        impl<W> $name<W> {
            /// Writes only if the document has this revision.
            ///
            /// Otherwise it fails with 412 and error 1200.
            #[must_use]
            #[inline]
            pub fn if_revision(mut self, revision: &Revision) -> Self {
                self.write.revision = Some(revision.clone());
                self
            }

            /// Writes only if the document has the written `_rev`.
            ///
            /// It has no effect if none is written.
            #[must_use]
            #[inline]
            pub fn if_body_revision(mut self) -> Self {
                self.write.checks_body_revision = true;
                self
            }

            /// Writes only if this attribute has a higher number than before.
            ///
            /// Otherwise nothing is written, and the output [says so](Written::is_unchanged). Since 3.12.
            #[must_use]
            pub fn version_attribute(mut self, name: impl Into<String>) -> Self {
                self.write.version_attribute = Some(name.into());
                self
            }
        }
    };
}

pub(super) use {change_options, write_options};
