//! Values that occur in the models of several operations.

mod open_enum;
pub mod seconds;
pub(crate) mod timestamp;

pub use open_enum::{StringVisitor, empty_value};
