//! Enums that a newer server may extend.

/// Defines an enum of the words a server uses, with a place for those not known yet.
///
/// The first spelling of a variant is the one it is written with; others are only read. A known
/// word is read without allocating.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $variant,)+
            /// A word this version of the crate does not know, as the server wrote it.
            ///
            /// Empty if the server wrote nothing at all.
            Unknown(String),
        }

        impl $name {
            /// The word the server uses.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }

            fn known(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                Self::known(word).unwrap_or_else(|| Self::Unknown(word.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::known(&word).unwrap_or(Self::Unknown(word))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // Honours the width of a table's column.
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
                deserializer.deserialize_str($crate::open_enum::Word(std::marker::PhantomData))
            }
        }
    };
}

pub(crate) use open_enum;

/// Reads anything that can be made from a word, without keeping the word.
pub(crate) struct Word<T>(pub(crate) std::marker::PhantomData<T>);

impl<T> serde::de::Visitor<'_> for Word<T>
where
    T: for<'a> From<&'a str> + From<String>,
{
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, word: &str) -> Result<T, E> {
        Ok(word.into())
    }

    fn visit_string<E>(self, word: String) -> Result<T, E> {
        Ok(word.into())
    }
}

/// Stands in for a word the server left out.
pub(crate) fn unsaid<T: From<&'static str>>() -> T {
    T::from("")
}

#[cfg(test)]
mod tests {
    use crate::{HealthStatus, ServerMode, ServerRole, ServerState, StorageEngine, SupervisionMode};
    use proptest::prelude::*;

    #[test]
    fn a_word_of_a_newer_server_is_kept_as_it_is() {
        let status: HealthStatus = serde_json::from_str(r#""UNCLEAR""#).unwrap();
        assert_eq!(status, HealthStatus::Unknown("UNCLEAR".to_owned()));
        assert_eq!(serde_json::to_string(&status).unwrap(), r#""UNCLEAR""#);
        assert!(serde_json::from_str::<HealthStatus>("7").is_err());
    }

    #[test]
    fn a_column_of_words_can_be_aligned() {
        assert_eq!(format!("[{:<6}]", HealthStatus::Good), "[GOOD  ]");
    }

    macro_rules! round_trips {
        ($word:expr, $($name:ident),+) => {$(
            let read: $name = serde_json::from_value($word.clone().into()).unwrap();
            prop_assert_eq!(&$name::from($word.clone()), &read);
            prop_assert_eq!(&$name::from($word.as_str()), &read);
            let written = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(&serde_json::from_str::<$name>(&written).unwrap(), &read);
            if let $name::Unknown(kept) = &read {
                prop_assert_eq!(kept, &$word);
            }
        )+};
    }

    proptest! {
        #[test]
        fn every_word_survives_reading_and_writing(
            word in prop_oneof![
                "(GOOD|BAD|FAILED|default|readonly|Normal|Maintenance|SERVING|UNKNOWN|rocksdb)",
                "(Coordinator|COORDINATOR|DBServer|PRIMARY|SINGLE)",
                any::<String>(),
            ],
        ) {
            round_trips!(word, HealthStatus, ServerMode, ServerRole, ServerState, StorageEngine, SupervisionMode);
        }
    }
}
