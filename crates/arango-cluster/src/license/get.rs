//! Asking for the licence.

use std::time::Duration;

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

use crate::open_enum::open_enum;
use crate::{LicenseKey, UnixSeconds, seconds};

open_enum! {
    /// Whether the licence holds.
    pub enum LicenseStatus {
        /// It does.
        Good = "good",
        /// It ends soon.
        Expiring = "expiring",
        /// It has ended.
        Expired = "expired",
        /// It has ended, and nothing can be written any more.
        ReadOnly = "read-only",
    }
}

/// The licence of the deployment. Which fields there are depends on edition and version.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct License {
    /// What it allows for.
    pub features: Option<LicenseFeatures>,
    /// The key. Servers of the community edition before 3.12.5 say `none`, and nothing else.
    pub license: Option<LicenseKey>,
    /// What tells this key from others.
    pub hash: Option<String>,
    /// The version of its form.
    pub version: Option<u64>,
    /// Whether it holds.
    pub status: Option<LicenseStatus>,
    /// Whether the deployment is just being upgraded.
    pub upgrading: Option<bool>,
    /// How much is stored, and how much may be. Told by the community edition since 3.12.5.
    pub disk_usage: Option<DiskUsage>,
}

/// What a licence allows for.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct LicenseFeatures {
    /// When it ends.
    pub expires: Option<UnixSeconds>,
}

/// How much is stored, and how much may be.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DiskUsage {
    /// How much is stored, in bytes.
    pub bytes_used: Option<u64>,
    /// How much may be, in bytes.
    pub bytes_limit: Option<u64>,
    /// Whether that much is stored.
    pub limit_reached: bool,
    /// How long until nothing can be written any more.
    #[serde(rename = "secondsUntilReadOnly", deserialize_with = "seconds::optional")]
    pub until_read_only: Option<Duration>,
    /// How long until the servers shut down.
    #[serde(rename = "secondsUntilShutDown", deserialize_with = "seconds::optional")]
    pub until_shutdown: Option<Duration>,
    /// Whether all is well.
    pub status: Option<LicenseStatus>,
}

/// Asks for the licence of the deployment.
///
/// # Errors
///
/// 403 if the server is hardened and the user is no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetLicense;

impl Operation for GetLicense {
    type Output = License;

    const METADATA: Metadata = Metadata::get("cluster.license", "/_admin/license");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<License, DecodeError> {
        let license: License = response.json()?;
        // One of the two is in the answer of every edition and version; the others are words that other services use, too.
        if license.license.is_none() && license.upgrading.is_none() {
            return Err(response.invalid("neither `license` nor `upgrading`"));
        }
        Ok(license)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    #[expect(clippy::float_cmp, reason = "integers are exact")]
    fn an_enterprise_licence_is_read_and_its_key_not_printed() {
        assert_asks(&GetLicense, "GET", "/_admin/license");
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
    fn the_community_edition_tells_of_its_disk_or_of_nothing() {
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
