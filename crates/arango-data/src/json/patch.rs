//! One attribute of an update.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an update does with one attribute.
///
/// `Option` cannot tell an attribute that stays from one that becomes `null`. With `skip_serializing_if` and `default`:
///
/// ```
/// use arango_data::Patch;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct BookPatch {
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     title: Patch<String>,
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     isbn: Patch<String>,
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     year: Patch<u16>,
/// }
///
/// let patch = BookPatch { title: Patch::Keep, isbn: Patch::Null, year: Patch::Set(1966) };
/// assert_eq!(serde_json::to_string(&patch)?, r#"{"isbn":null,"year":1966}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// The attribute stays as it is.
    ///
    /// Without `skip_serializing_if` it is written as `null`.
    #[default]
    Keep,
    /// The attribute becomes `null`, or is removed if the update [removes nulls].
    ///
    /// [removes nulls]: crate::UpdateDocument::remove_nulls
    Null,
    /// The attribute gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns whether the attribute stays as it is.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Null => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_attribute_null_and_a_value_are_distinguished() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Change {
            #[serde(default)]
            year: Patch<u16>,
        }
        let read = |text: &str| serde_json::from_str::<Change>(text).unwrap().year;
        assert_eq!(read("{}"), Patch::Keep);
        assert_eq!(read(r#"{"year":null}"#), Patch::Null);
        assert_eq!(read(r#"{"year":1965}"#), 1965.into());
    }
}
