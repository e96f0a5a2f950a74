//! What is found out about a value while it is written.

use std::cell::Cell;

use super::path::Fault;

/// Whether an object may have a `_key` at its top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPresence {
    Impossible,
    /// It is to be looked for.
    Possible,
}

/// What is found out about a value while it is written.
#[derive(Default)]
pub(super) struct WriteState {
    pub(super) fault: Fault,
    has_unknown_names: Cell<bool>,
}

impl WriteState {
    /// Notes the name of a field or of a variant.
    ///
    /// A `_key` need not be looked for if no name begins like it. Names with a dollar sign are those with which
    /// `serde_json` writes raw JSON.
    pub(super) fn note_name(&self, name: &str) {
        if matches!(name.as_bytes(), [b'_' | b'$', ..]) {
            self.note_unknown_names();
        }
    }

    /// Notes that the value has names which are not those of fields, such as the keys of a map.
    pub(super) fn note_unknown_names(&self) {
        self.has_unknown_names.set(true);
    }

    /// Returns whether the value may have a `_key`.
    pub(super) fn key_presence(&self) -> KeyPresence {
        if self.has_unknown_names.get() { KeyPresence::Possible } else { KeyPresence::Impossible }
    }
}
