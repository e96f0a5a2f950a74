//! Versions of the server, as far as they are compared.

use serde::{Deserialize, Deserializer, de::Error as _};

/// A version: `3.12.10`; what follows the patch is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl Version {
    /// Reads a version with or without a patch.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let mut next = || {
            let part = parts.next()?;
            let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().ok()
        };
        Some(Self([next()?, next()?, next().unwrap_or(0)]))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no version")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let version = |text| Version::read(text).unwrap();
        assert!(version("3.9.1") < version("3.10") && version("3.12.5") < version("3.12.10"));
        assert_eq!(version("4.0.0-devel"), version("4.0"));
        assert_eq!(Version::read("4"), None);
    }
}
