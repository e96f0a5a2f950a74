//! Replacing one document.

use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, DatabaseName, ErrorObject, Failure, Metadata, Operation,
    OutputError, Permission, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;
use serde_json::value::RawValue;

use super::operation_id::OperationId;
use super::read::ReadDocument;
use super::resolution::{Comparison, Effect};
use super::ticket::DocumentTicket;
use super::write::Write;
use super::write_options::{change_options, write_options};
use super::write_output::{Silent, WriteOutput, Written};
use crate::json::DocumentBody;
use crate::names::{CollectionName, Key, Revision};

/// Replaces a document.
///
/// All its attributes but the key become those of the new document. A replacement without a condition is not repeated
/// if its response was lost, since a late copy could undo a newer write: set [`if_revision`](Self::if_revision), or a
/// [`version_attribute`](Self::version_attribute).
///
/// # Errors
///
/// As [`UpdateDocument`](crate::UpdateDocument).
pub struct ReplaceDocument<W = Written> {
    write: Write,
    output: PhantomData<fn() -> W>,
}

write_options!(ReplaceDocument);
change_options!(ReplaceDocument);

impl ReplaceDocument {
    /// Replaces the document with this key, serialised at once.
    ///
    /// A `_key` in the document must be the key. An error of the serialisation is returned by
    /// [`request`](Operation::request).
    #[must_use]
    pub fn new<T: Serialize + ?Sized>(collection: &CollectionName, key: &Key, document: &T) -> Self {
        let body = DocumentBody::new(document).of_key(key);
        Self { write: Write::new(collection, Some(key), body), output: PhantomData }
    }
}

impl<W> ReplaceDocument<W> {
    /// Returns what finds out later whether the document was written.
    ///
    /// `unix_millis` is the time of the write.
    pub fn ticket(&self, unix_millis: u64) -> Option<DocumentTicket> {
        self.write.ticket(Effect::Change, unix_millis)
    }

    fn with_output<Other>(self) -> ReplaceDocument<Other> {
        ReplaceDocument { write: self.write, output: PhantomData }
    }
}

impl<W: WriteOutput> Operation for ReplaceDocument<W> {
    type Output = W;

    const METADATA: Metadata = Metadata::put("document.replace", "/_api/document/{collection}/{key}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        self.write.properties(&Self::METADATA, self.write.class_of_change())
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let builder = self.write.to_document(Self::METADATA);
        self.write.fill(builder)?.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<W, OutputError> {
        W::read(&response, self.write.key.as_ref())
    }
}

impl<W: WriteOutput> Resolve for ReplaceDocument<W> {
    type Question = ReadDocument<Box<RawValue>>;

    #[inline]
    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        self.write.question(Effect::Change, failure)
    }

    #[inline]
    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<W> {
        self.write.conclusion(Effect::Change, Comparison::Whole, failure, answer)
    }

    #[inline]
    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        self.ticket(unix_millis).map(|ticket| ticket.in_database(database).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request_with_body, key, name};
    use arango_protocol::RequestClass;
    use serde_json::json;

    #[test]
    fn a_document_is_put_under_its_key() {
        let replace = ReplaceDocument::new(&name("books"), &key("dune"), &json!({ "a": 1 }));
        assert_request_with_body(&replace, "PUT", "/_api/document/books/dune", r#"{"a":1}"#);
        let versioned = replace.clone().version_attribute("a").silent();
        let uri = "/_api/document/books/dune?silent=true&versionAttribute=a";
        assert_request_with_body(&versioned, "PUT", uri, r#"{"a":1}"#);
        assert_eq!(versioned.properties().class, RequestClass::Fenced);
        assert_eq!(replace.properties().class, RequestClass::NonIdempotent);
    }
}
