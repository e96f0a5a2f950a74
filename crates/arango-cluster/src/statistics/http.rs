//! Numbers of requests.

use serde::Deserialize;

/// Numbers of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HttpStatistics {
    /// All requests.
    pub requests_total: u64,
    /// Requests of other servers, and of operators with a superuser token.
    pub requests_superuser: Option<u64>,
    /// Requests of users.
    pub requests_user: Option<u64>,
    /// Requests with an immediate response and asynchronous execution.
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
