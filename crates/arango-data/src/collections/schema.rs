//! Schemas of documents.

use arango_protocol::open_enum;
use arango_protocol::values::empty_value;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json_covers::is_equal;

open_enum! {
    /// Which documents a schema applies to.
    pub enum SchemaLevel {
        /// None.
        None = "none",
        /// New documents.
        New = "new",
        /// New documents, and changed ones that were valid before.
        Moderate = "moderate",
        /// All new and changed documents.
        Strict = "strict",
    }
}

/// A JSON schema that the server checks before it writes a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schema {
    /// The JSON schema.
    pub rule: Value,
    /// Which documents it applies to.
    #[serde(default = "empty_value")]
    pub level: SchemaLevel,
    /// The message of error 1620, which refuses a document.
    #[serde(default)]
    pub message: String,
}

impl Schema {
    /// Creates a schema that applies to all new and changed documents.
    #[must_use]
    pub fn new(rule: impl Into<Value>) -> Self {
        Self { rule: rule.into(), level: SchemaLevel::Strict, message: String::new() }
    }

    /// Returns whether both refuse the same documents with the same message, although `10.0` may be reported as `10`.
    #[inline]
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        self.level == other.level && self.message == other.message && is_equal(&self.rule, &other.rule)
    }

    /// Sets which documents it applies to.
    #[must_use]
    pub fn level(mut self, level: SchemaLevel) -> Self {
        self.level = level;
        self
    }

    /// Sets the message of the error that refuses a document.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }
}
