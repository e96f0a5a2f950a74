//! What is counted of the process.

use std::time::Duration;

use serde::Deserialize;

use crate::seconds;

/// What the operating system counts of the server's process. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemStatistics {
    /// Pages that were found without reading from disk.
    pub minor_page_faults: u64,
    /// Pages that had to be read from disk.
    pub major_page_faults: u64,
    /// Time spent in the process itself.
    #[serde(deserialize_with = "seconds::required")]
    pub user_time: Duration,
    /// Time spent in the operating system for it.
    #[serde(deserialize_with = "seconds::required")]
    pub system_time: Duration,
    /// How many threads it has.
    pub number_of_threads: u64,
    /// How much memory it has that is really there.
    pub resident_size: u64,
    /// The same as a part of the machine's memory; 1 is all of it.
    pub resident_size_percent: f64,
    /// How much memory it has been promised.
    pub virtual_size: u64,
}
