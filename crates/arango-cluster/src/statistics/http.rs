//! How many requests there were.

use serde::Deserialize;

/// How many requests there were.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HttpStatistics {
    /// All requests.
    pub requests_total: u64,
    /// Those of other servers, and of operators who hold the cluster's secret.
    pub requests_superuser: Option<u64>,
    /// Those of users.
    pub requests_user: Option<u64>,
    /// Those that were answered before they were worked on.
    pub requests_async: u64,
    /// `GET`.
    pub requests_get: u64,
    /// `HEAD`.
    pub requests_head: u64,
    /// `POST`.
    pub requests_post: u64,
    /// `PUT`.
    pub requests_put: u64,
    /// `PATCH`.
    pub requests_patch: u64,
    /// `DELETE`.
    pub requests_delete: u64,
    /// `OPTIONS`.
    pub requests_options: u64,
    /// Any other method.
    pub requests_other: u64,
}
