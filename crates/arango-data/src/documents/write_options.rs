//! The options that writes of documents share.

use crate::documents::operation_id::OperationId;
use crate::names::Revision;

/// The options of a write, all but its document and its key.
#[expect(clippy::struct_excessive_bools, reason = "the options are independent")]
#[derive(Clone)]
pub(super) struct WriteOptions {
    pub(super) revision: Option<Revision>,
    pub(super) checks_body_revision: bool,
    pub(super) operation_id: Option<OperationId>,
    pub(super) version_attribute: Option<String>,
    pub(super) waits_for_sync: bool,
    pub(super) returns_new: bool,
    pub(super) returns_old: bool,
    pub(super) is_silent: bool,
    pub(super) refills_index_caches: bool,
    pub(super) removes_nulls: bool,
    pub(super) replaces_objects: bool,
    /// Whether another write with the same content may have another effect.
    pub(super) is_computed: bool,
}

impl WriteOptions {
    /// What a write has of which no option was set.
    pub(super) const DEFAULT: Self = Self {
        revision: None,
        checks_body_revision: false,
        operation_id: None,
        version_attribute: None,
        waits_for_sync: false,
        returns_new: false,
        returns_old: false,
        is_silent: false,
        refills_index_caches: false,
        removes_nulls: false,
        replaces_objects: false,
        is_computed: false,
    };
}

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
                self.write.options_mut().waits_for_sync = true;
                self
            }

            /// Updates the entries of the document in the caches of indexes.
            ///
            /// Since 3.10.2.
            #[must_use]
            #[inline]
            pub fn refill_index_caches(mut self) -> Self {
                self.write.options_mut().refills_index_caches = true;
                self
            }

            /// Adds an attribute that tells this write from all others.
            ///
            /// If the response is lost, it shows whether the write was executed.
            #[must_use]
            #[inline]
            pub fn operation_id(mut self, id: OperationId) -> Self {
                self.write.options_mut().operation_id = Some(id);
                self
            }

            /// Returns only whether the write succeeded.
            #[must_use]
            #[inline]
            pub fn silent(mut self) -> $name<Silent> {
                self.write.options_mut().is_silent = true;
                self.with_output()
            }
        }

        impl<New, Old> $name<Written<New, Old>> {
            /// Returns the document after the write, too.
            #[must_use]
            pub fn return_new<T>(mut self) -> $name<Written<T, Old>> {
                self.write.options_mut().returns_new = true;
                self.with_output()
            }

            /// Returns the document before the write, too.
            #[must_use]
            pub fn return_old<T>(mut self) -> $name<Written<New, T>> {
                self.write.options_mut().returns_old = true;
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
                self.write.options_mut().revision = Some(revision.clone());
                self
            }

            /// Writes only if the document has the written `_rev`.
            ///
            /// It has no effect if none is written.
            #[must_use]
            #[inline]
            pub fn if_body_revision(mut self) -> Self {
                self.write.options_mut().checks_body_revision = true;
                self
            }

            /// Writes only if this attribute has a higher number than before.
            ///
            /// Otherwise nothing is written, and the output [says so](Written::is_unchanged). Since 3.12.
            #[must_use]
            pub fn version_attribute(mut self, name: impl Into<String>) -> Self {
                self.write.options_mut().version_attribute = Some(name.into());
                self
            }
        }
    };
}

pub(super) use {change_options, write_options};
