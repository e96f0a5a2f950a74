//! Reading the licence.

use std::time::Duration;

use arango_protocol::values::seconds;
use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, UnixSeconds, open_enum};
use serde::{Deserialize, Serialize};

use crate::license::LicenseKey;

open_enum! {
    /// The state of a licence.
    pub enum LicenseStatus {
        /// Valid.
        Good = "good",
        /// Expires soon.
        Expiring = "expiring",
        /// Expired.
        Expired = "expired",
        /// Expired, and the deployment is read-only.
        ReadOnly = "read-only",
    }
}

/// The licence of the deployment.
///
/// Edition and version decide which fields are present.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct License {
    /// What it permits.
    pub features: Option<LicenseFeatures>,
    /// The key. It is not serialised.
    ///
    /// Servers of the community edition before 3.12.5 return only this field, with `none`.
    #[serde(skip_serializing)]
    pub license: Option<LicenseKey>,
    /// A hash that identifies the key.
    pub hash: Option<String>,
    /// The version of the licence format.
    pub version: Option<u64>,
    /// Its state.
    pub status: Option<LicenseStatus>,
    /// Whether the deployment is being upgraded.
    pub upgrading: Option<bool>,
    /// The used and the permitted disk space.
    ///
    /// Only in the community edition since 3.12.5.
    pub disk_usage: Option<DiskUsage>,
}

/// What a licence permits.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LicenseFeatures {
    /// When it expires.
    pub expires: Option<UnixSeconds>,
}

/// The used and the permitted disk space.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DiskUsage {
    /// Used disk space, in bytes.
    pub bytes_used: Option<u64>,
    /// Permitted disk space, in bytes.
    pub bytes_limit: Option<u64>,
    /// Whether the limit is reached.
    pub limit_reached: bool,
    /// The time until the deployment becomes read-only.
    #[serde(
        rename = "secondsUntilReadOnly",
        deserialize_with = "seconds::optional",
        serialize_with = "seconds::write_optional"
    )]
    pub until_read_only: Option<Duration>,
    /// The time until the servers shut down.
    #[serde(
        rename = "secondsUntilShutDown",
        deserialize_with = "seconds::optional",
        serialize_with = "seconds::write_optional"
    )]
    pub until_shutdown: Option<Duration>,
    /// The state of the licence.
    pub status: Option<LicenseStatus>,
}

/// Reads the licence of the deployment.
///
/// # Errors
///
/// 403 if the server is hardened and the user is not an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetLicense;

impl Operation for GetLicense {
    type Output = License;

    const METADATA: Metadata = Metadata::get("cluster.license", "/_admin/license");

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<License, OutputError> {
        let license: License = response.json()?;
        // Every edition and version returns one of these two; other services use the other keys, too.
        if license.license.is_none() && license.upgrading.is_none() {
            return Err(response.invalid("neither `license` nor `upgrading`"));
        }
        Ok(license)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    #[expect(clippy::float_cmp, reason = "integers are exact")]
    fn an_enterprise_licence_is_read_and_its_key_not_printed() {
        assert_request(&GetLicense, "GET", "/_admin/license");
        let license = read(
            &GetLicense,
            r#"{"features":{"expires":1743568356},"license":"V0h/s3cret","hash":"982d","version":1,
                "status":"good","upgrading":false}"#,
        );
        assert_eq!(license.features.as_ref().unwrap().expires.unwrap().0, 1_743_568_356.0);
        assert_eq!((license.hash.as_deref(), license.version), (Some("982d"), Some(1)));
        assert_eq!((&license.status, license.upgrading), (&Some(LicenseStatus::Good), Some(false)));
        assert_eq!(license.license.as_ref().unwrap().as_str(), "V0h/s3cret");
        assert!(!format!("{license:?}").contains("s3cret"));
    }

    #[test]
    fn the_community_edition_reports_disk_usage_or_nothing() {
        let new = read(
            &GetLicense,
            r#"{"upgrading":false,"diskUsage":{"bytesUsed":1,"bytesLimit":107374182400,"limitReached":false,
                "secondsUntilReadOnly":1,"secondsUntilShutDown":2.5,"status":"read-only"}}"#,
        );
        let disk = new.disk_usage.unwrap();
        assert_eq!(
            (disk.bytes_used, disk.bytes_limit, disk.limit_reached),
            (Some(1), Some(107_374_182_400), false)
        );
        assert_eq!(disk.until_read_only, Some(Duration::from_secs(1)));
        assert_eq!(disk.until_shutdown, Some(Duration::from_millis(2500)));
        assert_eq!(disk.status, Some(LicenseStatus::ReadOnly));
        let old = read(&GetLicense, r#"{"license":"none"}"#);
        assert_eq!(old, License { license: Some("none".into()), ..License::default() });
    }
}
