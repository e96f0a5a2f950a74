//! The options that inserts, updates and replacements share.

/// Implements the options that inserts, updates and replacements share.
macro_rules! write_options {
    ($name:ident) => {
        impl<W> $name<W> {
            /// Waits until the write is on disk.
            ///
            /// Otherwise the collection decides.
            #[must_use]
            pub fn wait_for_sync(mut self) -> Self {
                self.write.waits_for_sync = true;
                self
            }

            /// Updates the entries of the document in the caches of indexes.
            ///
            /// Since 3.10.2.
            #[must_use]
            pub fn refill_index_caches(mut self) -> Self {
                self.write.refills_index_caches = true;
                self
            }

            /// Adds an attribute that tells this write from all others.
            ///
            /// If the response is lost, it shows whether the write was executed.
            #[must_use]
            pub fn operation_id(mut self, id: OperationId) -> Self {
                self.write.operation_id = Some(id);
                self
            }

            /// Returns only whether the write succeeded.
            #[must_use]
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
            fn clone(&self) -> Self {
                Self { write: self.write.clone(), ..*self }
            }
        }

        impl<W> std::fmt::Debug for $name<W> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.write).finish()
            }
        }
    };
}

pub(super) use write_options;
