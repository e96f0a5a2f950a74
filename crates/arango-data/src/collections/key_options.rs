//! How keys are made.

use arango_protocol::open_enum;
use arango_protocol::values::empty_value;
use serde::{Deserialize, Serialize};

open_enum! {
    /// How the server makes keys.
    pub enum KeyGenerator {
        /// Increasing numbers, with gaps.
        Traditional = "traditional",
        /// Increasing numbers; only with one shard.
        Autoincrement = "autoincrement",
        /// UUIDs.
        Uuid = "uuid",
        /// Hexadecimal numbers of 16 digits, which are ordered as text.
        Padded = "padded",
    }
}

/// How the keys of a collection are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyOptions {
    /// How the server makes keys.
    #[serde(rename = "type", default = "empty_value")]
    pub generator: KeyGenerator,
    /// Whether a write may choose its key.
    #[serde(default = "allows_keys")]
    pub allow_user_keys: bool,
    /// The difference between two keys; only for [`Autoincrement`](KeyGenerator::Autoincrement), by default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increment: Option<u64>,
    /// The first key; only for [`Autoincrement`](KeyGenerator::Autoincrement), by default the increment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

fn allows_keys() -> bool {
    true
}

impl KeyOptions {
    /// Creates options with this generator.
    ///
    /// A write may nevertheless choose its key.
    #[must_use]
    pub fn new(generator: KeyGenerator) -> Self {
        Self { generator, allow_user_keys: true, increment: None, offset: None }
    }

    /// Returns whether both make the same keys, although only one of them may name the defaults.
    #[inline]
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        let with_defaults = |options: &Self| {
            // A server reports both for this generator, and has neither for the others.
            let is_counted = options.generator == KeyGenerator::Autoincrement;
            is_counted.then(|| (options.increment.unwrap_or(1), options.offset.unwrap_or(0)))
        };
        self.generator == other.generator
            && self.allow_user_keys == other.allow_user_keys
            && with_defaults(self) == with_defaults(other)
    }

    /// Lets only the server make keys.
    #[must_use]
    pub fn server_keys_only(mut self) -> Self {
        self.allow_user_keys = false;
        self
    }

    /// Sets the difference between two keys; only for [`Autoincrement`](KeyGenerator::Autoincrement).
    #[must_use]
    pub fn increment(mut self, increment: u64) -> Self {
        self.increment = Some(increment);
        self
    }

    /// Sets the first key; only for [`Autoincrement`](KeyGenerator::Autoincrement).
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}
