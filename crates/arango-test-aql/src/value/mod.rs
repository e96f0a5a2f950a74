//! Values: what expressions yield, what documents consist of, and how values compare.

mod arithmetic;
mod cast;
mod collation;
mod document;
mod key;
mod map;
pub(crate) mod number;
mod object;
mod order;
mod read_json;
mod write_json;

use std::sync::Arc;

pub(crate) use self::arithmetic::Arithmetic;
pub(crate) use self::collation::Collation;
pub use self::document::StoredDocument;
pub(crate) use self::map::ValueMap;
pub use self::object::Object;
pub use self::read_json::UniqueAttributes;

/// A value of AQL. Cloning is cheap, whatever its size.
#[derive(Debug, Clone)]
#[must_use]
pub enum Value {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above [`i64::MAX`]. Smaller ones are an [`Int`](Self::Int).
    UInt(u64),
    /// A number with a fraction, or one that came from such a number. Never NaN or infinite.
    Double(f64),
    /// A text.
    String(Arc<str>),
    /// A list of values.
    Array(Arc<Vec<Value>>),
    /// Values by name.
    Object(Arc<Object>),
    /// A stored document that nothing has looked into yet: its JSON, parsed once on demand.
    Document(Arc<StoredDocument>),
}

impl Value {
    /// Returns a stored document, given as the JSON of an object.
    ///
    /// The bytes are parsed at the first access; those that are not JSON count as `null`.
    pub fn document(json: impl Into<Arc<[u8]>>) -> Self {
        Self::Document(Arc::new(StoredDocument::new(json.into())))
    }

    /// Returns an array.
    pub fn array(items: Vec<Value>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// Returns an empty array.
    pub fn empty_array() -> Self {
        Self::array(Vec::new())
    }

    /// Returns an object.
    pub fn object(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }

    /// Returns a number, or `null` if it is not finite.
    pub fn double(number: f64) -> Self {
        if number.is_finite() { Self::Double(number) } else { Self::Null }
    }

    /// Returns the value itself, or the parsed object of a stored document.
    pub fn resolve(&self) -> &Value {
        match self {
            Self::Document(document) => document.parsed(),
            other => other,
        }
    }

    /// Returns the items, if it is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the attributes, if it is an object or a stored document.
    pub fn as_object(&self) -> Option<&Object> {
        match self.resolve() {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Returns the text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns an attribute; `null` if it is missing or this is not an object.
    pub fn attribute(&self, name: &str) -> Value {
        self.as_object().and_then(|object| object.get(name)).cloned().unwrap_or(Self::Null)
    }

    /// Returns an item of an array; a negative index counts from the end, and one outside yields `null`.
    pub fn element(&self, index: i64) -> Value {
        let Some(items) = self.as_array() else { return Self::Null };
        let index = if index < 0 { index.saturating_add_unsigned(items.len() as u64) } else { index };
        usize::try_from(index).ok().and_then(|index| items.get(index)).cloned().unwrap_or(Self::Null)
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.resolve(), Self::Null)
    }

    /// Whether it is a number of any kind.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::UInt(_) | Self::Double(_))
    }

    /// Whether a condition with this value holds: all but `null`, `false`, 0 and the empty string.
    pub fn is_true(&self) -> bool {
        match self.resolve() {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::UInt(_) => true,
            Self::Double(value) => *value != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::Array(_) | Self::Object(_) | Self::Document(_) => true,
        }
    }

    /// Returns the name of its type, as the function `TYPENAME` does.
    pub fn type_name(&self) -> &'static str {
        match self.resolve() {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::UInt(_) | Self::Double(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) | Self::Document(_) => "object",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::UInt(value), Self::Int)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from(value as u64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::array(items)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::object(object)
    }
}

impl PartialEq for Value {
    /// Compares as `==` of AQL does: `1 == 1.0`, and a missing attribute equals `null`.
    fn eq(&self, other: &Self) -> bool {
        self.equals(other)
    }
}

#[cfg(test)]
mod tests;
