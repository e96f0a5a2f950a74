//! Values as keys, for groups and for distinct values.

use std::hash::{Hash as _, Hasher};

use super::Value;
use super::number::{nearest, nearest_unsigned};

/// Returns whether two values are one key.
///
/// They are if `==` of AQL holds and arrays and objects have the same number of members: `1` and `1.0` are one
/// key, but `[1]` and `[1, null]` are two, though they are equal. So it is in a server, which looks for equal values
/// only among those of one hash.
pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    match (left.resolve(), right.resolve()) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut names = left.iter();
            left.len() == right.len()
                && names.all(|(name, value)| right.get(name).is_some_and(|other| is_same(value, other)))
        }
        (left, right) => left.equals(right),
    }
}

pub(super) fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value.resolve() {
        Value::Null | Value::Document(_) => state.write_u8(0),
        Value::Bool(value) => state.write_u8(1 + u8::from(*value)),
        // Numbers of different kinds may be equal: all hash as the nearest double.
        Value::Int(value) => hash_double(nearest(*value), state),
        Value::UInt(value) => hash_double(nearest_unsigned(*value), state),
        Value::Double(value) => hash_double(*value, state),
        Value::String(text) => text.hash(state),
        Value::Array(items) => {
            state.write_u8(4);
            state.write_usize(items.len());
            items.iter().for_each(|item| hash(item, state));
        }
        Value::Object(object) => {
            let mut attributes: Vec<_> = object.iter().collect();
            // The order of names does not matter.
            attributes.sort_unstable_by_key(|(name, _)| *name);
            state.write_u8(5);
            state.write_usize(attributes.len());
            for (name, value) in attributes {
                name.hash(state);
                hash(value, state);
            }
        }
    }
}

fn hash_double<H: Hasher>(value: f64, state: &mut H) {
    state.write_u8(3);
    // -0.0 equals 0.0, but has other bits.
    state.write_u64(if value == 0.0 { 0 } else { value.to_bits() });
}
