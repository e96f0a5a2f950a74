//! Measures the latency, queue time and failure ratio of one member without locks.

pub(crate) mod decaying_value;
pub(crate) mod gauge;
