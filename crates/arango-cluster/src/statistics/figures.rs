//! The figures of servers: histograms, and numbers of connections, requests and the process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use arango_protocol::values::seconds;

use crate::types::whole_number;

/// The number of values between fixed cuts.
///
/// | values | cuts | elements of [`counts`](Self::counts) |
/// |---|---|---|
/// | times of requests | 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5, 15, 30 s | 10 |
/// | times of connections | 0.1, 1, 60 s | 4 |
/// | sizes | 250, 1000, 2000, 5000, 10000 B | 6 |
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Histogram {
    /// The sum of all values.
    pub sum: f64,
    /// The number of values.
    pub count: u64,
    /// The number of values in each range between the cuts.
    ///
    /// The first element counts the values below the first cut, the next those between the first and the second, and so
    /// on; the last element counts those above the last cut.
    pub counts: Vec<u64>,
}

/// Statistics of requests. Times are in seconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientStatistics {
    /// Open connections.
    pub http_connections: u64,
    /// Lifetimes of connections.
    pub connection_time: Histogram,
    /// Total times of requests.
    pub total_time: Histogram,
    /// Processing times of requests.
    pub request_time: Histogram,
    /// Queue times of requests.
    pub queue_time: Histogram,
    /// Times of reading requests and writing responses.
    pub io_time: Histogram,
    /// Sizes of responses.
    pub bytes_sent: Histogram,
    /// Sizes of requests.
    pub bytes_received: Histogram,
}

/// Numbers of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
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

/// Statistics of the server's process by the operating system.
///
/// Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemStatistics {
    /// Page faults without reading from disk.
    pub minor_page_faults: u64,
    /// Page faults with reading from disk.
    pub major_page_faults: u64,
    /// CPU time in user mode.
    #[serde(deserialize_with = "seconds::required", serialize_with = "seconds::write")]
    pub user_time: Duration,
    /// CPU time in kernel mode.
    #[serde(deserialize_with = "seconds::required", serialize_with = "seconds::write")]
    pub system_time: Duration,
    /// Number of threads.
    pub number_of_threads: u64,
    /// Resident memory.
    #[serde(deserialize_with = "whole_number::required")] // a large one may be written as `5e+9`
    pub resident_size: u64,
    /// Resident memory as a fraction of the machine's memory.
    ///
    /// 1 is all of it.
    pub resident_size_percent: f64,
    /// Virtual memory.
    pub virtual_size: u64,
}
