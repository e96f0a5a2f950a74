//! Shapes of JSON bodies: types, keys and enumerations, with values that vary left out.

mod masks;
mod notation;
mod read;
mod scalar;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::masks::Masks;
pub(crate) use self::scalar::{Scalar, Type};

/// Stands for all further keys of an object.
pub(crate) const FURTHER_KEYS: &str = "…";

/// What values can be: scalars, objects, arrays, or several of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    pub(crate) scalars: BTreeSet<Scalar>,
    pub(crate) object: Option<BTreeMap<String, Field>>,
    /// The elements, whose shape is empty if there are none.
    pub(crate) array: Option<Box<Shape>>,
}

/// What an object has under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) shape: Shape,
    /// Some objects lack it.
    pub(crate) is_optional: bool,
}

impl Shape {
    pub(crate) fn scalar(scalar: Scalar) -> Self {
        Self { scalars: BTreeSet::from([scalar]), ..Self::default() }
    }

    pub(crate) fn object(fields: BTreeMap<String, Field>) -> Self {
        Self { object: Some(fields), ..Self::default() }
    }

    pub(crate) fn array(elements: Self) -> Self {
        Self { array: Some(Box::new(elements)), ..Self::default() }
    }

    /// Returns whether no value has this shape: that of the elements of an empty array.
    pub(crate) fn is_empty(&self) -> bool {
        self.scalars.is_empty() && self.object.is_none() && self.array.is_none()
    }

    /// The shape of values that have either shape. Keys that one of two objects lacks are optional.
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.scalars.extend(other.scalars);
        self.object = match (self.object, other.object) {
            (Some(one), Some(two)) => Some(fields_of_either(one, two)),
            (one, two) => one.or(two),
        };
        self.array = match (self.array, other.array) {
            (Some(one), Some(two)) => Some(Box::new(one.or(*two))),
            (one, two) => one.or(two),
        };
        self
    }
}

fn fields_of_either(
    mut one: BTreeMap<String, Field>,
    mut two: BTreeMap<String, Field>,
) -> BTreeMap<String, Field> {
    for (key, field) in &mut one {
        match two.remove(key) {
            Some(other) => {
                field.is_optional |= other.is_optional;
                field.shape = std::mem::take(&mut field.shape).or(other.shape);
            }
            None => field.is_optional = true,
        }
    }
    one.extend(two.into_iter().map(|(key, field)| (key, Field { is_optional: true, ..field })));
    one
}
