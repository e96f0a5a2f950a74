//! The Foxx status of coordinators.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, IgnoredAny, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::server::ServerId;

/// Which coordinator runs the cluster-wide tasks of Foxx.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FoxxStatus {
    /// The coordinator.
    #[serde(deserialize_with = "first_element")]
    pub foxxmaster: Option<ServerId>,
    /// Whether it is the responding one.
    #[serde(deserialize_with = "first_element")]
    pub is_foxxmaster: Option<bool>,
}

// The documentation shows lists of one element; the server writes the value itself.
fn first_element<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(FirstVisitor(PhantomData))
}

struct FirstVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of it")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<T>, E> {
        T::deserialize(value.into_deserializer()).map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<T>, E> {
        T::deserialize(value.into_deserializer()).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<T>, A::Error> {
        let first = list.next_element()?;
        while let Some(IgnoredAny) = list.next_element()? {}
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_single_values_are_equivalent() {
        let expected = FoxxStatus { foxxmaster: Some("CRDN-1".into()), is_foxxmaster: Some(true) };
        for text in [
            r#"{"foxxmaster":"CRDN-1","isFoxxmaster":true}"#,
            r#"{"foxxmaster":["CRDN-1"],"isFoxxmaster":[true]}"#,
            r#"{"foxxmaster":["CRDN-1","CRDN-2"],"isFoxxmaster":[true,false]}"#,
        ] {
            assert_eq!(serde_json::from_str::<FoxxStatus>(text).unwrap(), expected, "{text}");
        }
        for text in ["{}", r#"{"foxxmaster":[],"isFoxxmaster":null}"#] {
            assert_eq!(serde_json::from_str::<FoxxStatus>(text).unwrap(), FoxxStatus::default());
        }
    }
}
