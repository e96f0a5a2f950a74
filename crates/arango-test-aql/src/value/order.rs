//! The total order of values: null < bool < number < string < array < object.

use std::cmp::Ordering;

use super::{Collation, Object, Value};

impl Value {
    /// Compares two values in the order of AQL, without remarks on the order of strings.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.compare_in(other, &mut Collation::default())
    }

    /// Compares two values in the order of AQL.
    pub(crate) fn compare_in(&self, other: &Self, collation: &mut Collation) -> Ordering {
        let (left, right) = (self.resolve(), other.resolve());
        match (left, right) {
            (Self::Bool(left), Self::Bool(right)) => left.cmp(right),
            (Self::String(left), Self::String(right)) => collation.compare(left, right),
            (Self::Array(left), Self::Array(right)) => compare_arrays(left, right, collation),
            (Self::Object(left), Self::Object(right)) => compare_objects(left, right, collation),
            _ => rank(left).cmp(&rank(right)).then_with(|| compare_numbers(left, right)),
        }
    }

    /// Whether `==` of AQL holds. Converts nothing, but `1 == 1.0` and a missing attribute equals `null`.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(left), Self::String(right)) => left == right,
            _ => self.compare(other) == Ordering::Equal,
        }
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::UInt(_) | Value::Double(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) | Value::Document(_) => 5,
    }
}

/// Compares numbers exactly: a large integer is not rounded to the nearest double.
fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
        (Value::Double(left), right) => {
            integer(right).map_or(Ordering::Equal, |right| compare_mixed(*left, right))
        }
        (left, Value::Double(right)) => {
            integer(left).map_or(Ordering::Equal, |left| compare_mixed(*right, left).reverse())
        }
        (left, right) => integer(left).cmp(&integer(right)),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::UInt(value) => Some(i128::from(*value)),
        _ => None,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a double outside i128 saturates, and stays beyond every integer"
)]
fn compare_mixed(double: f64, integer: i128) -> Ordering {
    let whole = double.trunc();
    (whole as i128).cmp(&integer).then_with(|| double.partial_cmp(&whole).unwrap_or(Ordering::Equal))
}

/// Compares item by item; one that is missing counts as `null`, and the longer array follows if all are equal.
fn compare_arrays(left: &[Value], right: &[Value], collation: &mut Collation) -> Ordering {
    for position in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(position), right.get(position));
        let order = left.unwrap_or(&Value::Null).compare_in(right.unwrap_or(&Value::Null), collation);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Compares attribute by attribute in the order of the names of both; one that is missing counts as `null`.
fn compare_objects(left: &Object, right: &Object, collation: &mut Collation) -> Ordering {
    let mut names: Vec<&str> = left.iter().chain(right.iter()).map(|(name, _)| &**name).collect();
    names.sort_unstable_by(|left, right| collation.compare(left, right));
    names.dedup();
    for name in names {
        let (left, right) = (left.get(name), right.get(name));
        let order = left.unwrap_or(&Value::Null).compare_in(right.unwrap_or(&Value::Null), collation);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
