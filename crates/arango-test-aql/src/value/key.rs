//! Values as keys, for groups and for distinct values.

use std::hash::{Hash, Hasher};

use super::Value;
use super::number::{nearest, nearest_unsigned};

/// A value that can be a key of a hash table. Keys are equal if `==` of AQL holds.
#[derive(Debug, Clone)]
pub struct Key(pub Value);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
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
        // `[1]` equals `[1, null]`, so nulls at the end do not count.
        Value::Array(items) => {
            let length = items.iter().rposition(|item| !item.is_null()).map_or(0, |last| last + 1);
            state.write_u8(4);
            items[..length].iter().for_each(|item| hash(item, state));
        }
        // `{}` equals `{a: null}`, and the order of names does not matter.
        Value::Object(object) => {
            let mut attributes: Vec<_> = object.iter().filter(|(_, value)| !value.is_null()).collect();
            attributes.sort_unstable_by_key(|(name, _)| *name);
            state.write_u8(5);
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
