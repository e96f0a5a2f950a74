//! Names of collections and documents, validated before they are sent.

mod analyzer_name;
mod collection_name;
mod document_id;
mod invalid;
mod key;
mod revision;
mod string_impls;

pub use collection_name::CollectionName;
pub use document_id::DocumentId;
pub use invalid::InvalidIdentifier;
pub use key::Key;
pub use revision::Revision;

pub(crate) use analyzer_name::is_same_analyzer;
use string_impls::string_impls;
