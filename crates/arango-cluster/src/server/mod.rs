//! Identity, state and properties of single servers.

mod availability;
mod database_defaults;
mod deployment;
mod engine;
mod foxx_status;
mod id;
mod identity;
mod mode;
mod overview;
mod proxied;
mod role;
mod server_status;
mod state;
mod status;
mod support_info;
mod version;

pub use availability::{Availability, GetAvailability};
pub use database_defaults::{DatabaseDefaults, GetDatabaseDefaults};
pub use deployment::GetDeploymentId;
pub use engine::{Engine, EngineAliases, EngineSupport, GetEngine, GetServerEngine, StorageEngine};
pub use foxx_status::FoxxStatus;
pub use id::ServerId;
pub use identity::{GetServerId, GetServerRole};
pub use mode::{GetServerMode, ServerMode, SetServerMode};
pub use overview::{GetStatusOverview, StatusOverview};
pub(crate) use proxied::{proxied_request, server_param};
pub use role::ServerRole;
pub use server_status::{ServerStatus, StartupProgress};
pub use state::ServerState;
pub use status::{AgencyConnection, AgencyStatus, AgentStatus, GetStatus, StatusReport};
pub use support_info::{Deployment, DeploymentType, GetSupportInfo, SupportInfo};
pub use version::{GetServerVersion, GetVersion, VersionInfo};
