//! What coordinators say of Foxx.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, IntoDeserializer, SeqAccess, Visitor};

use crate::ServerId;

/// Which coordinator runs the cluster-wide tasks of Foxx.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FoxxStatus {
    /// The coordinator.
    #[serde(deserialize_with = "first")]
    pub foxxmaster: Option<ServerId>,
    /// Whether it is the one that answered.
    #[serde(deserialize_with = "first")]
    pub is_foxxmaster: Option<bool>,
}

// The documentation has lists of one here, the server writes the value itself.
fn first<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(First(PhantomData))
}

struct First<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
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
    fn lists_and_single_values_say_the_same() {
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
