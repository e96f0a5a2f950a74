//! A document with the attributes that the server manages.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::attributes::{Ends, read_attributes};
use super::system_attributes::SystemAttributes;
use crate::names::{DocumentId, Key, Revision};

/// A document with its key, id and revision.
///
/// `T` is decoded in the same pass. A struct gets `_key`, `_id` and `_rev` too if it has fields of these names; a map
/// never does.
///
/// ```
/// use arango_data::Document;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Book {
///     title: String,
/// }
///
/// let text = r#"{"_key":"dune","_id":"books/dune","_rev":"_gG9JHsW---","title":"Dune"}"#;
/// let book: Document<Book> = serde_json::from_str(text)?;
/// assert_eq!((book.key.as_str(), book.data.title.as_str()), ("dune", "Dune"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Document<T> {
    /// The key, `_key`.
    pub key: Key,
    /// The id, `_id`.
    pub id: DocumentId,
    /// The revision, `_rev`.
    pub revision: Revision,
    /// All other attributes.
    pub data: T,
}

impl<T> From<&Document<T>> for DocumentId {
    fn from(document: &Document<T>) -> Self {
        document.id.clone()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Document<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor(PhantomData))
    }
}

struct DocumentVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for DocumentVisitor<T> {
    type Value = Document<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document<T>, A::Error> {
        let (data, attributes) = read_attributes(map, Ends::OfData)?;
        let SystemAttributes { key, id, revision, .. } = attributes;
        Ok(Document {
            key: key.ok_or_else(|| de::Error::missing_field("_key"))?,
            id: id.ok_or_else(|| de::Error::missing_field("_id"))?,
            revision: revision.ok_or_else(|| de::Error::missing_field("_rev"))?,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IgnoredAny;
    use serde_json::{Map, Value, json};

    const TEXT: &str = r#"{"title":"Dune","_rev":"_a","_id":"books/dune","year":1965,"_key":"dune"}"#;

    fn read<T: de::DeserializeOwned>(text: &str) -> Result<Document<T>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_attributes_of_the_server_are_taken_out_in_any_order() {
        let book = read::<Map<String, Value>>(TEXT).unwrap();
        assert_eq!((book.key, book.id, book.revision), {
            (Key::new("dune").unwrap(), "books/dune".parse().unwrap(), "_a".parse().unwrap())
        });
        assert_eq!(Value::from(book.data), json!({ "title": "Dune", "year": 1965 }));
    }

    #[test]
    fn a_type_may_name_the_attributes_of_the_server_too() {
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields)]
        struct Book {
            #[serde(rename = "_key")]
            key: Option<String>,
            #[serde(rename = "_rev")]
            revision: Revision,
            title: String,
            year: u16,
        }
        let book = read::<Book>(TEXT).unwrap();
        assert_eq!((book.data.key.as_deref(), book.data.revision), (Some("dune"), book.revision));
    }

    #[test]
    fn a_missing_attribute_is_named() {
        for (text, missing) in [
            (r#"{"_id":"a/b","_rev":"_a"}"#, "_key"),
            (r#"{"_key":"b","_rev":"_a"}"#, "_id"),
            (r#"{"_key":"b","_id":"a/b"}"#, "_rev"),
        ] {
            let error = read::<IgnoredAny>(text).unwrap_err();
            assert!(error.contains(&format!("missing field `{missing}`")), "{error}");
        }
        assert!(read::<IgnoredAny>("[]").unwrap_err().contains("expected a document"));
        assert!(read::<IgnoredAny>(r#"{"_key":7}"#).unwrap_err().contains("expected a string"));
    }

    #[test]
    fn options_newtypes_and_enums_are_read_as_without_a_document() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Title(Option<IgnoredAny>);
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Shape {
            Circle { radius: u8 },
        }
        assert!(read::<Title>(TEXT).unwrap().data.0.is_some());
        let shape = read::<Shape>(r#"{"_key":"a","circle":{"radius":2},"_id":"s/a","_rev":"_a"}"#).unwrap();
        assert_eq!(shape.data, Shape::Circle { radius: 2 });
    }
}
