//! Values that occur in the models of several operations.

#[macro_use]
mod open_enum;

pub(crate) mod database_sharding;
pub(crate) mod replication_factor;
pub mod seconds;
pub(crate) mod timestamp;

pub use open_enum::{StringVisitor, empty_value};
