//! What is counted of requests.

use serde::Deserialize;

use crate::Histogram;

/// What a server counts of requests. Times are in seconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientStatistics {
    /// How many connections are open.
    pub http_connections: u64,
    /// How long connections lasted.
    pub connection_time: Histogram,
    /// How long requests took as a whole.
    pub total_time: Histogram,
    /// How long requests were worked on.
    pub request_time: Histogram,
    /// How long requests waited to be worked on.
    pub queue_time: Histogram,
    /// How long requests were read and answers written.
    pub io_time: Histogram,
    /// How large answers were.
    pub bytes_sent: Histogram,
    /// How large requests were.
    pub bytes_received: Histogram,
}
