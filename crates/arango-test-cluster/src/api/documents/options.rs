//! Query parameters and headers of requests for documents.

use arango_test_aql::{OverwriteMode, Value, WriteOptions};

use super::super::Call;
use crate::store::write::DocumentOptions;

pub(super) const INSERT: &[&str] = &[
    "keepNull",
    "mergeObjects",
    "overwrite",
    "overwriteMode",
    "refillIndexCaches",
    "returnNew",
    "returnOld",
    "silent",
    "versionAttribute",
    "waitForSync",
];
// A server ignores `overwrite` except for inserts. Some clients send it with arrays of all kinds.
pub(super) const REPLACE: &[&str] = &[
    "ignoreRevs",
    "overwrite",
    "refillIndexCaches",
    "returnNew",
    "returnOld",
    "silent",
    "versionAttribute",
    "waitForSync",
];
pub(super) const UPDATE: &[&str] = &[
    "ignoreRevs",
    "keepNull",
    "mergeObjects",
    "overwrite",
    "refillIndexCaches",
    "returnNew",
    "returnOld",
    "silent",
    "versionAttribute",
    "waitForSync",
];
// A server does not have `refillCaches`, and ignores it. Some clients send it with arrays instead of the right name.
pub(super) const REMOVE: &[&str] =
    &["ignoreRevs", "overwrite", "refillCaches", "refillIndexCaches", "returnOld", "silent", "waitForSync"];

/// What a request does with its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Operation {
    Insert,
    Update,
    Replace,
    Remove,
}

/// Which whole documents a response contains.
#[derive(Debug, Clone, Copy)]
pub(super) struct Returned {
    pub(super) new: bool,
    pub(super) old: bool,
}

/// A request that writes, without its documents.
#[derive(Debug)]
pub(super) struct WriteRequest {
    pub(super) operation: Operation,
    pub(super) options: DocumentOptions,
    pub(super) returned: Returned,
    pub(super) is_silent: bool,
    /// Whether `_rev` in the body is a precondition.
    compares_revisions: bool,
}

impl WriteRequest {
    pub(super) fn read(call: &Call<'_>, operation: Operation) -> Self {
        let query = &call.request.query;
        let overwrites = query.is_true("overwrite") && !call.version.is_4();
        let overwrite_mode = match query.get("overwriteMode") {
            Some("ignore") => OverwriteMode::Ignore,
            Some("update") => OverwriteMode::Update,
            Some("replace") => OverwriteMode::Replace,
            Some("conflict") => OverwriteMode::Conflict,
            // Any other value counts as none.
            _ if overwrites => OverwriteMode::Replace,
            _ => OverwriteMode::Conflict,
        };
        let common = WriteOptions {
            overwrite_mode,
            // Only for a partial update the default is true.
            keep_null: query.flag("keepNull", operation == Operation::Update),
            merge_objects: query.flag("mergeObjects", true),
            revision: None,
            wait_for_sync: query.is_true("waitForSync"),
        };
        let version = query.get("versionAttribute").filter(|name| !name.is_empty());
        let version_attribute = version.filter(|_| call.version.at_least(3, 12, 0)).map(str::to_owned);
        Self {
            operation,
            options: DocumentOptions { common, version_attribute },
            returned: Returned { new: query.is_true("returnNew"), old: query.is_true("returnOld") },
            is_silent: query.is_true("silent"),
            compares_revisions: !query.flag("ignoreRevs", true),
        }
    }

    /// Returns the options for one document of the body.
    pub(super) fn options_for(&self, body: &Value) -> DocumentOptions {
        let mut options = self.options.clone();
        if self.compares_revisions {
            options.common.revision = body.attribute("_rev").as_str().map(str::to_owned);
        }
        options
    }
}

/// Returns the revision in a header, with or without quotes.
pub(in crate::api) fn revision_header(call: &Call<'_>, name: &str) -> Option<String> {
    let value = call.request.header(name)?.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    Some(quoted('"').or_else(|| quoted('\'')).unwrap_or(value).to_owned())
}
