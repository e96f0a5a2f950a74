//! Access to arguments that a call may leave out.

use std::sync::Arc;

use crate::value::Value;

/// Returns an argument; `null` if the call leaves it out.
pub(super) fn argument(arguments: &[Value], position: usize) -> &Value {
    arguments.get(position).map_or(&Value::Null, Value::resolve)
}

/// Whether an argument is there and true.
pub(super) fn flag(arguments: &[Value], position: usize) -> bool {
    argument(arguments, position).is_true()
}

/// Returns an argument as text.
pub(super) fn text(arguments: &[Value], position: usize) -> Arc<str> {
    argument(arguments, position).to_text()
}

/// Returns an argument as a whole number.
pub(super) fn integer(arguments: &[Value], position: usize) -> i64 {
    argument(arguments, position).to_integer()
}

/// Returns a count or a position, unless it is negative.
pub(super) fn size(value: i64) -> Option<usize> {
    usize::try_from(value).ok()
}

/// Returns a length as a number for positions that may be negative.
pub(super) fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
