//! Taking servers out of work, and out of the cluster.

mod clean_out;
mod remove;
mod resign;

pub use clean_out::CleanOutServer;
pub use remove::RemoveServer;
pub use resign::{Leaders, ResignLeadership};

use serde::Serialize;

use crate::ServerId;

/// The body that names a server.
#[derive(Serialize)]
struct Named<'a> {
    server: &'a ServerId,
}
