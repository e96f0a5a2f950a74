//! Documents as JSON: writing them without loss, and reading them with the attributes of the server.

mod attributes;
mod body;
mod document;
mod edge;
mod elements;
mod finite;
mod finite_parts;
mod members;
mod patch;
mod path;
mod punctuation;
mod splice;
mod system_attributes;
mod write;

pub use document::Document;
pub use edge::Edge;
pub use patch::Patch;
pub use write::write_document;

pub(crate) use body::{DocumentBody, KeyFault, OwnKey, own_key};
pub(crate) use elements::array;
pub(crate) use finite::{append, to_raw};
pub(crate) use members::{has_plain_member, members};
pub(crate) use splice::without_member;
