//! Shapes as JSON: `{"id":"digits","key?":["=A | =B"]}`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value, json};

use super::{Field, Scalar, Shape};

/// The key of an object that stands for several shapes.
const ONE_OF: &str = "one of";

impl Shape {
    /// Writes it: scalars as a string, with `|` between them; objects with `?` behind keys that may be missing; arrays
    /// with the shape of all their elements.
    pub(crate) fn to_json(&self) -> Value {
        let mut shapes = Vec::new();
        if !self.scalars.is_empty() {
            let names: Vec<_> = self.scalars.iter().map(Scalar::to_string).collect();
            shapes.push(Value::String(names.join(" | ")));
        }
        if let Some(fields) = &self.object {
            let fields = fields.iter().map(|(key, field)| {
                (format!("{key}{}", if field.is_optional { "?" } else { "" }), field.shape.to_json())
            });
            shapes.push(Value::Object(fields.collect()));
        }
        if let Some(elements) = &self.array {
            shapes.push(if elements.is_empty() { json!([]) } else { json!([elements.to_json()]) });
        }
        match shapes.len() {
            1 => shapes.remove(0),
            _ => json!({ ONE_OF: shapes }),
        }
    }

    /// Reads what [`to_json`](Self::to_json) writes.
    ///
    /// # Errors
    /// If it is not such a notation.
    pub(crate) fn from_json(value: &Value) -> Result<Self> {
        match value {
            Value::String(names) => {
                let scalar = |name: &str| {
                    Scalar::read(name).with_context(|| format!("`{name}` is no type of a value"))
                };
                Ok(Self {
                    scalars: names.split(" | ").map(scalar).collect::<Result<_>>()?,
                    ..Self::default()
                })
            }
            Value::Array(elements) => {
                let elements = elements.iter().map(Self::from_json).collect::<Result<Vec<_>>>()?;
                Ok(Self::array(elements.into_iter().reduce(Self::or).unwrap_or_default()))
            }
            Value::Object(object) => match object.get(ONE_OF) {
                Some(Value::Array(shapes)) if object.len() == 1 => {
                    let shapes = shapes.iter().map(Self::from_json).collect::<Result<Vec<_>>>()?;
                    Ok(shapes.into_iter().fold(Self::default(), Self::or))
                }
                _ => Ok(Self::object(fields(object)?)),
            },
            other => bail!("`{other}` is no shape"),
        }
    }
}

fn fields(object: &Map<String, Value>) -> Result<BTreeMap<String, Field>> {
    object
        .iter()
        .map(|(key, value)| {
            let shape = Shape::from_json(value).with_context(|| format!("in `{key}`"))?;
            let name = key.strip_suffix('?');
            Ok((name.unwrap_or(key).to_owned(), Field { shape, is_optional: name.is_some() }))
        })
        .collect()
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?)
            .map_err(|error| D::Error::custom(format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_read_as_it_is_written() {
        for text in [
            r#""null | =GOOD""#,
            r#"{"a?":["integer"],"b":[]}"#,
            r#"{"one of":["null",{"a":"bool"},["time"]]}"#,
        ] {
            let value = serde_json::from_str(text).unwrap();
            assert_eq!(Shape::from_json(&value).unwrap().to_json(), value);
        }
    }

    #[test]
    fn an_unknown_type_is_refused_with_its_place() {
        let error = Shape::from_json(&json!({ "a": "strong" })).unwrap_err();
        assert_eq!(format!("{error:#}"), "in `a`: `strong` is no type of a value");
    }
}
