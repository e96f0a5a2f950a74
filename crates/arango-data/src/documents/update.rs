//! Updating one document.

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

/// Changes attributes of a document.
///
/// Attributes that the patch does not name stay as they are; objects are merged. An update without a condition is not
/// repeated if its response was lost, since a late copy could undo a newer write: set
/// [`if_revision`](Self::if_revision), or a [`version_attribute`](Self::version_attribute).
///
/// # Errors
///
/// 404 with error 1202 if the document does not exist, and with error 1203 if the collection does not; 412 with error
/// 1200 if it has another revision; 409 with error 1200 if another write runs at the same time.
pub struct UpdateDocument<W = Written> {
    write: Write,
    output: PhantomData<fn() -> W>,
}

write_options!(UpdateDocument);
change_options!(UpdateDocument);

impl UpdateDocument {
    /// Updates the document with this key by a patch, serialised at once.
    ///
    /// A `_key` in the patch must be the key. An error of the serialisation is returned by
    /// [`request`](Operation::request).
    #[must_use]
    pub fn new<T: Serialize + ?Sized>(collection: &CollectionName, key: &Key, patch: &T) -> Self {
        let body = DocumentBody::new(patch).of_key(key);
        Self { write: Write::new(collection, Some(key), body), output: PhantomData }
    }
}

impl<W> UpdateDocument<W> {
    /// Removes the attributes that are `null` in the patch, except in arrays.
    ///
    /// Default: they become `null`.
    #[must_use]
    pub fn remove_nulls(mut self) -> Self {
        self.write.options_mut().removes_nulls = true;
        self
    }

    /// Replaces objects, instead of merging their attributes.
    #[must_use]
    pub fn replace_objects(mut self) -> Self {
        self.write.options_mut().replaces_objects = true;
        self
    }

    /// Declares that the patch was computed from the document with the expected revision.
    ///
    /// Another client may compute the same patch from it, such as a count that is one higher, and both changes are meant.
    /// So if the response is lost, a document with this content does not show that this update was executed. An
    /// [operation id](Self::operation_id) does.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.write.options_mut().is_computed = true;
        self
    }

    /// Returns what finds out later whether the document was written.
    ///
    /// `unix_millis` is the time of the write.
    pub fn ticket(&self, unix_millis: u64) -> Option<DocumentTicket> {
        self.write.ticket(Effect::Change, unix_millis)
    }

    fn with_output<Other>(self) -> UpdateDocument<Other> {
        UpdateDocument { write: self.write, output: PhantomData }
    }
}

impl<W: WriteOutput> Operation for UpdateDocument<W> {
    type Output = W;

    const METADATA: Metadata = Metadata::patch("document.update", "/_api/document/{collection}/{key}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        self.write.properties(&Self::METADATA, self.write.class_of_change())
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut builder = self.write.to_document(Self::METADATA);
        if self.write.options().removes_nulls {
            builder = builder.query("keepNull", "false");
        }
        if self.write.options().replaces_objects {
            builder = builder.query("mergeObjects", "false");
        }
        self.write.fill(builder)?.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<W, OutputError> {
        W::read(&response, self.write.key.as_ref())
    }
}

impl<W: WriteOutput> Resolve for UpdateDocument<W> {
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
        let comparison =
            if self.write.options().replaces_objects { Comparison::MergedAtTop } else { Comparison::Merged };
        self.write.conclusion(Effect::Change, comparison, failure, answer)
    }

    #[inline]
    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        self.ticket(unix_millis).map(|ticket| ticket.in_database(database).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, key, name, read};
    use arango_protocol::RequestClass;
    use serde_json::{Value, json};

    fn update(patch: &Value) -> UpdateDocument {
        UpdateDocument::new(&name("books"), &key("dune"), patch)
    }

    #[test]
    fn options_are_query_parameters_and_the_revision_is_a_header() {
        let update = update(&json!({ "a": null }));
        assert_request_with_body(&update, "PATCH", "/_api/document/books/dune", r#"{"a":null}"#);
        let full =
            update.remove_nulls().replace_objects().if_body_revision().if_revision(&"_a".parse().unwrap());
        let uri = "/_api/document/books/dune?keepNull=false&mergeObjects=false&ignoreRevs=false";
        assert_request_with_body(&full, "PATCH", uri, r#"{"a":null}"#);
        assert_eq!(full.request().unwrap().headers()["if-match"], "\"_a\"");
    }

    #[test]
    fn only_conditional_updates_are_fenced() {
        let update = update(&json!({ "v": 1, "_rev": "_a" }));
        let class = |update: UpdateDocument| update.properties().class;
        assert_eq!(class(update.clone()), RequestClass::NonIdempotent);
        assert_eq!(
            class(update.clone().operation_id(OperationId::new("w", "7"))),
            RequestClass::NonIdempotent
        );
        assert_eq!(class(update.clone().if_revision(&"_a".parse().unwrap())), RequestClass::Fenced);
        assert_eq!(class(update.clone().if_body_revision()), RequestClass::Fenced);
        assert_eq!(class(update.clone().version_attribute("v")), RequestClass::Fenced);
        assert_eq!(class(update.version_attribute("_rev")), RequestClass::NonIdempotent, "no number");
    }

    #[test]
    fn a_patch_with_another_key_is_refused() {
        assert_rejected(
            &update(&json!({ "_key": "emma" })),
            "`_key` of the document differs from the given key",
        );
        update(&json!({ "_key": "dune" })).request().unwrap();
    }

    #[test]
    fn the_old_and_new_documents_are_returned_on_request() {
        let body = r#"{"_id":"books/dune","_key":"dune","_rev":"_b","_oldRev":"_a","new":{"a":2}}"#;
        let written = read(&update(&json!({ "a": 2 })).return_new::<Value>(), body);
        assert_eq!((written.new, written.old), (Some(json!({ "a": 2 })), None));
    }
}
