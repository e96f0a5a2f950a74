//! Values and JSON shapes shared by several operations.

pub(crate) mod no_payload;
pub(crate) mod product_name;
pub(crate) mod whole_number;
