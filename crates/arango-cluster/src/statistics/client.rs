//! Statistics of requests.

use serde::Deserialize;

use crate::statistics::Histogram;

/// Statistics of requests. Times are in seconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
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
