//! Properties whose values differ from the expected ones.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A property whose value differs from the expected one.
///
/// It is one of a collection, an index, a view, an analyzer or a graph.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PropertyDifference {
    /// The name of the property, as the server spells it. A part of a property is named after a dot.
    pub property: Cow<'static, str>,
    /// What it should be, as JSON; `null` for what should not be there.
    pub expected: Value,
    /// What it is, as JSON; `null` for what is missing.
    pub actual: Value,
    is_changeable: bool,
}

impl PropertyDifference {
    /// A property that never changes.
    pub(crate) fn fixed(property: impl Into<Cow<'static, str>>, expected: Value, actual: Value) -> Self {
        Self { property: property.into(), expected, actual, is_changeable: false }
    }

    /// Declares whether the property can be changed.
    pub(crate) fn changeable(mut self, is_changeable: bool) -> Self {
        self.is_changeable = is_changeable;
        self
    }

    /// Returns whether the property can be changed. Otherwise that to which it belongs can only be dropped.
    pub fn is_changeable(&self) -> bool {
        self.is_changeable
    }
}

/// Returns the difference of a property that never changes; `None` if it was not set, or is as expected.
pub(crate) fn difference_if_set<T: PartialEq + Serialize>(
    property: &'static str,
    expected: Option<T>,
    actual: Option<T>,
) -> Option<PropertyDifference> {
    let json = |value: Option<T>| serde_json::to_value(value).unwrap_or_default();
    (expected.is_some() && expected != actual)
        .then(|| PropertyDifference::fixed(property, json(expected), json(actual)))
}

impl fmt::Display for PropertyDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.property, self.actual, self.expected)
    }
}
