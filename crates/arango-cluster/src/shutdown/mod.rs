//! The end of the server that answers.

mod hard;
mod progress;
mod soft;

pub use hard::{Membership, Shutdown};
pub use progress::{GetShutdownProgress, ShutdownProgress};
pub use soft::SoftShutdown;

const PATH: &str = "/_admin/shutdown";
