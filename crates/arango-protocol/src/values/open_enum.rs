//! Enums that newer servers may extend.

/// Defines an enum of the values that a server uses, with a variant for unknown ones.
///
/// The first spelling of a variant is the one that is written; others are only decoded. A known value is decoded
/// without allocation.
#[doc(hidden)] // for the crates with models
#[macro_export]
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$about:meta])* $variant:ident = $value:literal $(| $alias:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $visibility enum $name {
            $($(#[$about])* $variant,)+
            /// A value unknown to this version of the crate.
            ///
            /// It is kept as the server wrote it. Empty if the value was missing.
            Unknown(String),
        }

        impl $name {
            /// Returns the server's spelling.
            #[inline]
            $visibility fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            #[inline]
            fn known(value: &str) -> Option<Self> {
                match value {
                    $($value $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or(Self::Unknown(value))
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
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
                deserializer.deserialize_str($crate::values::StringVisitor(std::marker::PhantomData))
            }
        }
    };
}

/// Decodes any type that can be created from a string, without keeping the string.
#[derive(Debug)]
pub struct StringVisitor<T>(pub std::marker::PhantomData<T>);

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
pub fn empty_value<T: From<&'static str>>() -> T {
    T::from("")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    crate::open_enum! {
        /// A colour of a light.
        enum Light {
            /// It is red.
            Red = "RED",
            /// It is green.
            Green = "GREEN" | "Green",
        }
    }

    #[test]
    fn an_unknown_value_is_kept_verbatim() {
        let light: Light = serde_json::from_str(r#""BLUE""#).unwrap();
        assert_eq!(light, Light::Unknown("BLUE".to_owned()));
        assert_eq!(serde_json::to_string(&light).unwrap(), r#""BLUE""#);
        assert!(serde_json::from_str::<Light>("7").is_err());
        assert_eq!(super::empty_value::<Light>(), Light::Unknown(String::new()));
    }

    #[test]
    fn display_honours_the_width() {
        assert_eq!(format!("[{:<6}]", Light::Red), "[RED   ]");
    }

    #[test]
    fn another_spelling_is_decoded_and_not_written() {
        assert_eq!(Light::from("Green").as_str(), "GREEN");
    }

    proptest! {
        #[test]
        fn every_word_survives_reading_and_writing(value in prop_oneof!["(RED|GREEN|Green)", any::<String>()]) {
            let read: Light = serde_json::from_value(value.clone().into()).unwrap();
            prop_assert_eq!(&Light::from(value.clone()), &read);
            prop_assert_eq!(&Light::from(value.as_str()), &read);
            let written = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Light>(&written).unwrap(), &read);
            if let Light::Unknown(kept) = &read {
                prop_assert_eq!(kept, &value);
            }
        }
    }
}
