//! The product name of ArangoDB.

use serde::{Deserialize, Deserializer};

/// Decodes the product name; any name but `arango` comes from another service.
pub(crate) fn require_arango<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name == "arango" { Ok(name) } else { Err(serde::de::Error::custom("is not `arango`")) }
}
