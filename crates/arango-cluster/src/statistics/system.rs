//! Statistics of the process.

use std::time::Duration;

use serde::Deserialize;

use crate::types::seconds;

/// Statistics of the server's process by the operating system. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemStatistics {
    /// Page faults without reading from disk.
    pub minor_page_faults: u64,
    /// Page faults with reading from disk.
    pub major_page_faults: u64,
    /// CPU time in user mode.
    #[serde(deserialize_with = "seconds::required")]
    pub user_time: Duration,
    /// CPU time in kernel mode.
    #[serde(deserialize_with = "seconds::required")]
    pub system_time: Duration,
    /// Number of threads.
    pub number_of_threads: u64,
    /// Resident memory.
    pub resident_size: u64,
    /// Resident memory as a fraction of the machine's memory; 1 is all of it.
    pub resident_size_percent: f64,
    /// Virtual memory.
    pub virtual_size: u64,
}
