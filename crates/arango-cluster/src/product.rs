//! The name by which ArangoDB calls itself.

use serde::{Deserialize, Deserializer};

/// Reads the name of the product; anything but `arango` was written by another service.
pub(crate) fn arango<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name == "arango" { Ok(name) } else { Err(serde::de::Error::custom("is not `arango`")) }
}
