//! Documents as JSON: writing them without loss, and reading them with the attributes of the server.

mod attributes;
mod body;
mod document;
mod edge;
mod elements;
mod finite;
mod finite_parts;
mod leading_text;
mod members;
mod patch;
mod path;
mod punctuation;
mod splice;
mod system_attributes;
mod write;
mod write_state;

pub use document::Document;
pub use edge::Edge;
pub use patch::Patch;
pub use write::write_document;

pub(crate) use body::{DocumentBody, KeyFault, OwnKey, own_key};
pub(crate) use elements::{array, first_element};
pub(crate) use finite::{append, to_raw};
pub(crate) use leading_text::take_text;
pub(crate) use members::{has_plain_member, members};
pub(crate) use splice::{append_key, without_appended_key, without_member};
pub(crate) use write_state::KeyPresence;
