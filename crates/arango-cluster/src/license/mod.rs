//! The licence of the deployment.

mod get;
mod set;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use get::{DiskUsage, GetLicense, License, LicenseFeatures, LicenseStatus};
pub use set::{EarlierExpiryPolicy, SetLicense};

/// A licence key. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LicenseKey(String);

impl LicenseKey {
    /// Returns the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LicenseKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl From<String> for LicenseKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl fmt::Debug for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenseKey(…)")
    }
}
