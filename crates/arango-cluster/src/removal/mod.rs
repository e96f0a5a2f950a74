//! Removing servers from the cluster, and preparing them for it.

mod clean_out;
mod remove;
mod resign;

pub use clean_out::CleanOutServer;
pub use remove::RemoveServer;
pub use resign::{ResignLeadership, ResignedLeaders};

use serde::Serialize;

use crate::server::ServerId;

/// A request body that names a server.
#[derive(Serialize)]
struct ServerBody<'a> {
    server: &'a ServerId,
}
