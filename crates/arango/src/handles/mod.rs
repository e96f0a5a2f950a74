//! Handles on a database, the cluster and one coordinator; preparing and sending a call.

pub(crate) mod call_metadata;
pub(crate) mod cluster;
pub(crate) mod coordinator;
#[cfg(feature = "data")]
pub(crate) mod data_support;
pub(crate) mod database;
pub(crate) mod execute;
#[cfg(feature = "data")]
pub(crate) mod json_lines;
pub(crate) mod pauses;
pub(crate) mod resolve;
pub(crate) mod response_lines;
pub(crate) mod response_stream;
pub(crate) mod roles;
pub(crate) mod shared;
pub(crate) mod time_limit;
pub(crate) mod unix_time;
pub(crate) mod version_support;
pub(crate) mod versions;
