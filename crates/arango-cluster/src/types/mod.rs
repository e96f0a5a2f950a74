//! Values and JSON shapes shared by several operations.

pub(crate) mod no_payload;
pub(crate) mod open_enum;
pub(crate) mod product_name;
pub(crate) mod seconds;
pub(crate) mod timestamp;
