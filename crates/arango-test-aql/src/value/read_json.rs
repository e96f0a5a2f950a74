//! JSON in: texts and parsed values become values of AQL.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Object, Value};

impl Value {
    /// Reads JSON. Objects keep the order of their attributes.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor { unique: false })
    }
}

/// Reads a value, and refuses objects with two attributes of one name.
///
/// Without it, as in [`Value::from_json`], the last one counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct UniqueAttributes;

impl<'de> DeserializeSeed<'de> for UniqueAttributes {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor { unique: true })
    }
}

#[derive(Clone, Copy)]
struct ValueVisitor {
    /// Whether each attribute of an object must have another name.
    unique: bool,
}

impl<'de> DeserializeSeed<'de> for ValueVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::double(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::with_capacity(items.size_hint().unwrap_or_default());
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut attributes: A) -> Result<Value, A::Error> {
        let mut object = Object::with_capacity(attributes.size_hint().unwrap_or_default());
        while let Some(name) = attributes.next_key::<String>()? {
            let before = object.len();
            object.set(Arc::<str>::from(name), attributes.next_value_seed(self)?);
            if self.unique && object.len() == before {
                return Err(A::Error::custom("Duplicate attribute name"));
            }
        }
        Ok(Value::object(object))
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::UInt(value),
                (None, None) => number.as_f64().map_or(Self::Null, Self::double),
            },
            Json::String(text) => Self::from(text),
            Json::Array(items) => Self::array(items.into_iter().map(Self::from).collect()),
            Json::Object(attributes) => Self::object(
                attributes.into_iter().map(|(name, value)| (Arc::from(name), Self::from(value))).collect(),
            ),
        }
    }
}
