//! What is counted of the process.

use serde::Deserialize;

/// What the operating system counts of the server's process. Times are in seconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SystemStatistics {
    /// Pages that were found without reading from disk.
    pub minor_page_faults: u64,
    /// Pages that had to be read from disk.
    pub major_page_faults: u64,
    /// Time spent in the process itself.
    pub user_time: f64,
    /// Time spent in the operating system for it.
    pub system_time: f64,
    /// How many threads it has.
    pub number_of_threads: u64,
    /// How much memory it has that is really there.
    pub resident_size: u64,
    /// The same as a part of the machine's memory; 1 is all of it.
    pub resident_size_percent: f64,
    /// How much memory it has been promised.
    pub virtual_size: u64,
}
