//! An attribute that tells one write from all others.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An attribute that tells one write from all others.
///
/// It is stored in the document, with a value that the caller uses for one logical write only. So a client can find out
/// whether that write was executed, even if other clients write the same document.
///
/// ```
/// use arango_data::OperationId;
///
/// let id = OperationId::new("written_by", "01aryz6s410000000000000000");
/// assert_eq!(id.attribute(), "written_by");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperationId {
    attribute: String,
    value: String,
}

impl OperationId {
    /// Creates the attribute from its name and value.
    ///
    /// The value is used only once. A write is refused whose document has an attribute of this name.
    #[must_use]
    pub fn new(attribute: impl Into<String>, value: impl Into<String>) -> Self {
        Self { attribute: attribute.into(), value: value.into() }
    }

    /// Returns the name of the attribute.
    pub fn attribute(&self) -> &str {
        &self.attribute
    }

    /// Returns the value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns why the attribute cannot be stored, if it cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.attribute.as_str() {
            "" => Some("has no attribute"),
            "_key" | "_id" | "_rev" | "_from" | "_to" => Some("uses an attribute of the server"),
            _ => None,
        }
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperationId({:?}: {:?})", self.attribute, self.value)
    }
}
