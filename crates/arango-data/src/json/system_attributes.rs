//! The attributes of a document that the server manages.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::attributes::Ends;
use crate::names::{DocumentId, Key, Revision};

/// One of the attributes that every document has.
#[derive(Debug, Clone, Copy)]
pub(super) enum SystemAttribute {
    Key,
    Id,
    Revision,
    From,
    To,
}

impl SystemAttribute {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Key => "_key",
            Self::Id => "_id",
            Self::Revision => "_rev",
            Self::From => "_from",
            Self::To => "_to",
        }
    }

    fn named(name: &str, ends: Ends) -> Option<Self> {
        match name {
            "_key" => Some(Self::Key),
            "_id" => Some(Self::Id),
            "_rev" => Some(Self::Revision),
            "_from" if ends == Ends::OfEdge => Some(Self::From),
            "_to" if ends == Ends::OfEdge => Some(Self::To),
            _ => None,
        }
    }
}

/// The attributes that were read so far.
#[derive(Default)]
pub(super) struct SystemAttributes {
    pub(super) key: Option<Key>,
    pub(super) id: Option<DocumentId>,
    pub(super) revision: Option<Revision>,
    /// Where an edge begins.
    pub(super) from: Option<DocumentId>,
    /// Where an edge ends.
    pub(super) to: Option<DocumentId>,
}

impl SystemAttributes {
    /// Reads the value of an attribute whose name was just read.
    pub(super) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        attribute: SystemAttribute,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match attribute {
            SystemAttribute::Key => self.key = Some(map.next_value()?),
            SystemAttribute::Id => self.id = Some(map.next_value()?),
            SystemAttribute::Revision => self.revision = Some(map.next_value()?),
            SystemAttribute::From => self.from = Some(map.next_value()?),
            SystemAttribute::To => self.to = Some(map.next_value()?),
        }
        Ok(())
    }

    /// Returns the text of an attribute; empty if it was not read.
    pub(super) fn text(&self, attribute: SystemAttribute) -> &str {
        match attribute {
            SystemAttribute::Key => self.key.as_ref().map(Key::as_str),
            SystemAttribute::Id => self.id.as_ref().map(DocumentId::as_str),
            SystemAttribute::Revision => self.revision.as_ref().map(Revision::as_str),
            SystemAttribute::From => self.from.as_ref().map(DocumentId::as_str),
            SystemAttribute::To => self.to.as_ref().map(DocumentId::as_str),
        }
        .unwrap_or_default()
    }
}

/// The name of an attribute: one of the server's, or one that `K` has decoded.
pub(super) enum Name<K, V> {
    /// The seed was not used.
    System(SystemAttribute, K),
    Other(V),
}

/// Decodes a name without copying it.
pub(super) struct NameSeed<K>(pub(super) K, pub(super) Ends);

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for NameSeed<K> {
    type Value = Name<K, K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for NameSeed<K> {
    type Value = Name<K, K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an attribute")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        match SystemAttribute::named(name, self.1) {
            Some(attribute) => Ok(Name::System(attribute, self.0)),
            None => self.0.deserialize(StrDeserializer::new(name)).map(Name::Other),
        }
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        match SystemAttribute::named(name, self.1) {
            Some(attribute) => Ok(Name::System(attribute, self.0)),
            None => self.0.deserialize(BorrowedStrDeserializer::new(name)).map(Name::Other),
        }
    }
}

/// Decodes a text that was read before; unlike serde's, also into an `Option`.
pub(super) struct SystemText<'a, E> {
    text: &'a str,
    error: PhantomData<E>,
}

impl<'a, E> SystemText<'a, E> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, error: PhantomData }
    }
}

impl<'de, E: de::Error> Deserializer<'de> for SystemText<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_str(self.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, E> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}
