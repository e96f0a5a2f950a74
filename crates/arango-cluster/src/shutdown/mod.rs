//! Shutdown of the responding server.

mod hard;
mod progress;
mod soft;

pub use hard::{ClusterMembership, Shutdown};
pub use progress::{GetShutdownProgress, ShutdownProgress};
pub use soft::SoftShutdown;

const PATH: &str = "/_admin/shutdown";
