//! `OPTIONS` of statements that write.

use crate::error::QueryError;
use crate::store::{OverwriteMode, WriteOptions};
use crate::value::Value;

/// The options of a statement.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) write: WriteOptions,
    pub(super) ignore_errors: bool,
    /// `ignoreRevs: false`.
    pub(super) compares_revisions: bool,
}

impl Options {
    /// Reads the options from an object.
    ///
    /// # Errors
    /// If there is an option that this crate does not have (9).
    pub(super) fn read(options: &Value) -> Result<Self, QueryError> {
        let mut read = Self::default();
        let Some(options) = options.as_object() else { return Ok(read) };
        let mut mode = None;
        for (name, value) in options.iter() {
            let is_true = value.is_true();
            match &**name {
                "waitForSync" => read.write.wait_for_sync = is_true,
                "ignoreErrors" => read.ignore_errors = is_true,
                "keepNull" => read.write.keep_null = is_true,
                "mergeObjects" => read.write.merge_objects = is_true,
                "ignoreRevs" => read.compares_revisions = !is_true,
                "overwrite" if is_true => mode = mode.or(Some(OverwriteMode::Replace)),
                "overwriteMode" => mode = overwrite_mode(value).or(mode),
                // They change how a server works, not what comes of it.
                "exclusive" | "refillIndexCaches" | "indexHint" | "disableIndex" | "useCache" => {}
                "overwrite" | "forceIndexHint" if !is_true => {}
                "readOwnWrites" if is_true => {}
                _ => return Err(QueryError::not_implemented(format_args!("option {name} with this value"))),
            }
        }
        read.write.overwrite_mode = mode.unwrap_or(OverwriteMode::Conflict);
        Ok(read)
    }

    /// Returns the options for a store, with the revision in a value if it must match.
    pub(super) fn with_revision(&self, value: &Value) -> WriteOptions {
        let mut options = self.write.clone();
        if self.compares_revisions {
            options.revision = value.attribute("_rev").as_str().map(str::to_owned);
        }
        options
    }
}

/// Reads a mode. A server ignores one that it does not know.
fn overwrite_mode(mode: &Value) -> Option<OverwriteMode> {
    match mode.as_str()? {
        "ignore" => Some(OverwriteMode::Ignore),
        "replace" => Some(OverwriteMode::Replace),
        "update" => Some(OverwriteMode::Update),
        "conflict" => Some(OverwriteMode::Conflict),
        _ => None,
    }
}
