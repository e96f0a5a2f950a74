//! An edge with the attributes that the server manages.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::attributes::{Ends, read_attributes};
use super::system_attributes::SystemAttributes;
use crate::names::{DocumentId, Key, Revision};

/// An edge with its key, id and revision, and the vertices that it connects.
///
/// `T` is decoded in the same pass, as that of a [`Document`](super::Document) is.
///
/// ```
/// use arango_data::Edge;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Wrote {
///     year: u16,
/// }
///
/// let text = r#"{"_key":"1","_id":"wrote/1","_rev":"_a","_from":"authors/herbert","_to":"books/dune","year":1965}"#;
/// let wrote: Edge<Wrote> = serde_json::from_str(text)?;
/// assert_eq!((wrote.from.key(), wrote.to.key(), wrote.data.year), ("herbert", "dune", 1965));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Edge<T> {
    /// The key, `_key`.
    pub key: Key,
    /// The id, `_id`.
    pub id: DocumentId,
    /// The revision, `_rev`.
    pub revision: Revision,
    /// The id of the vertex where it begins, `_from`.
    pub from: DocumentId,
    /// The id of the vertex where it ends, `_to`.
    pub to: DocumentId,
    /// All other attributes.
    pub data: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edge<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EdgeVisitor(PhantomData))
    }
}

struct EdgeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EdgeVisitor<T> {
    type Value = Edge<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an edge")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Edge<T>, A::Error> {
        let (data, attributes) = read_attributes(map, Ends::OfEdge)?;
        let SystemAttributes { key, id, revision, from, to } = attributes;
        Ok(Edge {
            key: key.ok_or_else(|| de::Error::missing_field("_key"))?,
            id: id.ok_or_else(|| de::Error::missing_field("_id"))?,
            revision: revision.ok_or_else(|| de::Error::missing_field("_rev"))?,
            from: from.ok_or_else(|| de::Error::missing_field("_from"))?,
            to: to.ok_or_else(|| de::Error::missing_field("_to"))?,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use serde_json::{Map, Value, json};

    const TEXT: &str =
        r#"{"_to":"books/dune","since":1,"_from":"authors/a","_rev":"_a","_id":"wrote/1","_key":"1"}"#;

    fn read<T: de::DeserializeOwned>(text: &str) -> Result<Edge<T>, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_ends_are_taken_out_of_an_edge_and_stay_in_a_document() {
        let edge = read::<Map<String, Value>>(TEXT).unwrap();
        assert_eq!((edge.from.as_str(), edge.to.as_str()), ("authors/a", "books/dune"));
        assert_eq!((edge.key.as_str(), edge.id.as_str(), edge.revision.as_str()), ("1", "wrote/1", "_a"));
        assert_eq!(Value::from(edge.data), json!({ "since": 1 }));

        let document: Document<Map<String, Value>> = serde_json::from_str(TEXT).unwrap();
        let data = json!({ "_to": "books/dune", "since": 1, "_from": "authors/a" });
        assert_eq!(Value::from(document.data), data);
    }

    #[test]
    fn a_type_may_name_the_ends_too() {
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields)]
        struct Wrote {
            #[serde(rename = "_to")]
            book: DocumentId,
            since: u8,
        }
        let edge = read::<Wrote>(TEXT).unwrap();
        assert_eq!((&edge.data.book, edge.data.since), (&edge.to, 1));
    }

    #[test]
    fn a_missing_or_invalid_end_is_named() {
        for (text, fault) in [
            (r#"{"_key":"1","_id":"w/1","_rev":"_a","_to":"b/d"}"#, "missing field `_from`"),
            (r#"{"_key":"1","_id":"w/1","_rev":"_a","_from":"b/d"}"#, "missing field `_to`"),
            (r#"{"_key":"1","_id":"w/1","_rev":"_a","_from":"b","_to":"b/d"}"#, "has no slash"),
        ] {
            let error = read::<de::IgnoredAny>(text).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
        assert!(read::<de::IgnoredAny>("7").unwrap_err().contains("expected an edge"));
    }
}
