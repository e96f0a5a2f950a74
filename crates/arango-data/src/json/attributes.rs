//! Decoding a document in one pass: the attributes of the server, and all others.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::system_attributes::{Name, NameSeed, SystemAttribute, SystemAttributes, SystemText};

/// What `_from` and `_to` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Attributes of the server, taken out like the key.
    OfEdge,
    /// Attributes like any other.
    OfData,
}

/// Decodes the attributes of the server, and `T` from all others.
pub(super) fn read_attributes<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    map: A,
    ends: Ends,
) -> Result<(T, SystemAttributes), A::Error> {
    let mut attributes =
        Attributes { map, ends, system: SystemAttributes::default(), fields: &[], passed: None };
    let data = T::deserialize(&mut attributes)?;
    // `T` need not read to the end.
    while attributes.next_key::<IgnoredAny>()?.is_some() {
        attributes.next_value::<IgnoredAny>()?;
    }
    Ok((data, attributes.system))
}

/// The attributes of a document, as `T` gets them.
struct Attributes<A> {
    map: A,
    ends: Ends,
    system: SystemAttributes,
    /// The fields of `T`, if it is a struct.
    fields: &'static [&'static str],
    /// The system attribute whose name was passed to `T`, and whose value comes next.
    passed: Option<SystemAttribute>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Attributes<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.map.next_key_seed(NameSeed(seed, self.ends))? {
                None => return Ok(None),
                Some(Name::Other(name)) => return Ok(Some(name)),
                Some(Name::System(attribute, unused)) => {
                    self.system.read(attribute, &mut self.map)?;
                    if self.fields.contains(&attribute.name()) {
                        self.passed = Some(attribute);
                        return unused.deserialize(SystemText::new(attribute.name())).map(Some);
                    }
                    seed = unused;
                }
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.passed.take() {
            Some(attribute) => seed.deserialize(SystemText::new(self.system.text(attribute))),
            None => self.map.next_value_seed(seed),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for &mut Attributes<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.fields = fields;
        visitor.visit_map(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        MapAccessDeserializer::new(self).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}
