//! The settings of a test cluster: versions, options and the clock.

pub(crate) mod clock;
pub(crate) mod settings;
pub(crate) mod start_error;
pub(crate) mod version;
