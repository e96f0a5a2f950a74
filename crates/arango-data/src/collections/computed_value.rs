//! Attributes that the server computes.

use arango_protocol::open_enum;
use serde::{Deserialize, Serialize};

open_enum! {
    /// A write at which the server computes an attribute.
    pub enum ComputeOn {
        /// Inserts.
        Insert = "insert",
        /// Updates.
        Update = "update",
        /// Replacements.
        Replace = "replace",
    }
}

/// An attribute that the server computes when it writes a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ComputedValue {
    /// The name of the attribute.
    pub name: String,
    /// The AQL expression, in which `@doc` is the document.
    pub expression: String,
    /// Whether it replaces a value that was written.
    #[serde(default)]
    pub overwrite: bool,
    /// The writes at which it is computed.
    #[serde(default)]
    pub compute_on: Vec<ComputeOn>,
    /// Whether a result of `null` is stored.
    #[serde(default = "stores_null")]
    pub keep_null: bool,
    /// Whether a warning of the expression fails the write.
    #[serde(default)]
    pub fail_on_warning: bool,
}

fn stores_null() -> bool {
    true
}

impl ComputedValue {
    /// Creates an attribute that is computed at every write.
    ///
    /// It does not replace a written value.
    #[must_use]
    pub fn new(name: impl Into<String>, expression: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            expression: expression.into(),
            overwrite: false,
            compute_on: vec![ComputeOn::Insert, ComputeOn::Update, ComputeOn::Replace],
            keep_null: true,
            fail_on_warning: false,
        }
    }

    /// Replaces a value that was written.
    #[must_use]
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    /// Returns whether both compute the same values, although a server reports the writes in its order.
    #[inline]
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        let contains =
            |all: &Self, some: &Self| some.compute_on.iter().all(|write| all.compute_on.contains(write));
        let without_writes = |value: &Self| Self { compute_on: Vec::new(), ..value.clone() };
        contains(self, other) && contains(other, self) && without_writes(self) == without_writes(other)
    }

    /// Sets the writes at which it is computed.
    #[must_use]
    pub fn compute_on(mut self, writes: impl IntoIterator<Item = ComputeOn>) -> Self {
        self.compute_on = writes.into_iter().collect();
        self
    }

    /// Stores no attribute if the result is `null`.
    #[must_use]
    pub fn skip_null(mut self) -> Self {
        self.keep_null = false;
        self
    }

    /// Fails the write at a warning of the expression.
    #[must_use]
    pub fn fail_on_warning(mut self) -> Self {
        self.fail_on_warning = true;
        self
    }
}
