//! Enums that newer servers may extend.

/// Defines an enum of the values that a server uses, with a variant for unknown ones.
///
/// The first spelling of a variant is the one that is written; others are only decoded. A known value is decoded
/// without allocation.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $value:literal $(| $alias:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $variant,)+
            /// A value unknown to this version of the crate.
            ///
            /// It is kept as the server wrote it. Empty if the value was missing.
            Unknown(String),
        }

        impl $name {
            /// Returns the server's spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $($value $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or(Self::Unknown(value))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // Respects width and alignment of the format.
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::types::open_enum::StringVisitor(std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use open_enum;

/// Decodes any type that can be created from a string, without keeping the string.
pub(crate) struct StringVisitor<T>(pub(crate) std::marker::PhantomData<T>);

impl<T> serde::de::Visitor<'_> for StringVisitor<T>
where
    T: for<'a> From<&'a str> + From<String>,
{
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<T, E> {
        Ok(value.into())
    }
}

/// The default of a missing value.
pub(crate) fn empty_value<T: From<&'static str>>() -> T {
    T::from("")
}

#[cfg(test)]
mod tests {
    use crate::health::HealthStatus;
    use crate::maintenance::SupervisionMode;
    use crate::server::{ServerMode, ServerRole, ServerState, StorageEngine};
    use proptest::prelude::*;

    #[test]
    fn an_unknown_value_is_kept_verbatim() {
        let status: HealthStatus = serde_json::from_str(r#""UNCLEAR""#).unwrap();
        assert_eq!(status, HealthStatus::Unknown("UNCLEAR".to_owned()));
        assert_eq!(serde_json::to_string(&status).unwrap(), r#""UNCLEAR""#);
        assert!(serde_json::from_str::<HealthStatus>("7").is_err());
    }

    #[test]
    fn display_honours_the_width() {
        assert_eq!(format!("[{:<6}]", HealthStatus::Good), "[GOOD  ]");
    }

    macro_rules! round_trips {
        ($value:expr, $($name:ident),+) => {$(
            let read: $name = serde_json::from_value($value.clone().into()).unwrap();
            prop_assert_eq!(&$name::from($value.clone()), &read);
            prop_assert_eq!(&$name::from($value.as_str()), &read);
            let written = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(&serde_json::from_str::<$name>(&written).unwrap(), &read);
            if let $name::Unknown(kept) = &read {
                prop_assert_eq!(kept, &$value);
            }
        )+};
    }

    proptest! {
        #[test]
        fn every_word_survives_reading_and_writing(
            value in prop_oneof![
                "(GOOD|BAD|FAILED|default|readonly|Normal|Maintenance|SERVING|UNKNOWN|rocksdb)",
                "(Coordinator|COORDINATOR|DBServer|PRIMARY|SINGLE)",
                any::<String>(),
            ],
        ) {
            round_trips!(value, HealthStatus, ServerMode, ServerRole, ServerState, StorageEngine, SupervisionMode);
        }
    }
}
