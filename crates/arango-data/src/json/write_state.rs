//! The state of a serialisation: its fault, and whether there may be a `_key`.

use std::cell::Cell;

use serde::ser;

use super::path::Fault;

/// Whether an object may have a `_key` at its top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPresence {
    Impossible,
    /// It must be searched for.
    Possible,
}

/// What is found out about a value while it is written.
#[derive(Default)]
pub(super) struct WriteState {
    pub(super) fault: Fault,
    may_have_key: Cell<bool>,
}

impl WriteState {
    /// Records the name of a field or of a variant.
    ///
    /// A `_key` need not be looked for if no name begins like it. Names with a dollar sign are those with which
    /// `serde_json` writes raw JSON.
    pub(super) fn record_name(&self, name: &str) {
        if matches!(name.as_bytes(), [b'_' | b'$', ..]) {
            self.record_other_names();
        }
    }

    /// Records that the value has names which are not those of fields, such as the keys of a map.
    pub(super) fn record_other_names(&self) {
        self.may_have_key.set(true);
    }

    /// Returns the fault of the value, if there is one, instead of the error of the serializer.
    pub(super) fn explain(&self, error: serde_json::Error) -> serde_json::Error {
        self.fault.describe().map_or(error, ser::Error::custom)
    }

    /// Returns whether the value may have a `_key`.
    pub(super) fn key_presence(&self) -> KeyPresence {
        if self.may_have_key.get() { KeyPresence::Possible } else { KeyPresence::Impossible }
    }
}
