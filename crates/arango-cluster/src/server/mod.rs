//! What one server says of itself.

mod availability;
mod engine;
mod foxx_status;
mod id;
mod identity;
mod mode;
mod proxied;
mod role;
mod server_status;
mod state;
mod status;
mod version;

pub use availability::{Availability, GetAvailability};
pub use engine::{Engine, EngineAliases, EngineSupport, GetEngine, GetServerEngine, StorageEngine};
pub use foxx_status::FoxxStatus;
pub use id::ServerId;
pub use identity::{GetServerId, GetServerRole};
pub use mode::{GetServerMode, ServerMode, SetServerMode};
pub(crate) use proxied::proxied;
pub use role::ServerRole;
pub use server_status::{ServerStatus, StartupProgress};
pub use state::ServerState;
pub use status::{AgencyConnection, AgencyStatus, AgentStatus, GetStatus, StatusReport};
pub use version::{GetServerVersion, GetVersion, VersionInfo};
