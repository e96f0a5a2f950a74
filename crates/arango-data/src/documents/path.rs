//! Where documents are in the API.

use arango_protocol::{Metadata, RequestBuilder};

use crate::names::{CollectionName, Key};

/// Starts a request to the documents of a collection.
pub(super) fn to_documents(metadata: Metadata, collection: &CollectionName) -> RequestBuilder {
    RequestBuilder::new(metadata).filled_path(collection.documents_path().clone())
}

/// Starts a request to one document.
pub(super) fn to_document(
    metadata: Metadata,
    collection: &CollectionName,
    key: Option<&Key>,
) -> RequestBuilder {
    to_documents(metadata, collection).append_segment("key", key.map_or("", Key::as_str))
}
