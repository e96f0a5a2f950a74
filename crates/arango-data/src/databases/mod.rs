//! Databases: creating, listing and dropping them.

mod create;
mod drop;
mod info;
mod list;

pub use create::{CreateDatabase, DatabaseCreation};
pub use drop::DropDatabase;
pub use info::{DatabaseInfo, GetCurrentDatabase};
pub use list::{ListAccessibleDatabases, ListDatabases};
