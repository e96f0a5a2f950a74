//! Reading several documents with one request.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, ErrorNumber, ErrorObject, Metadata, Operation, OutputError, Scope,
};
use bytes::Bytes;
use http::{HeaderMap, Request};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::path::to_documents;
use super::read::{ALLOW_DIRTY_READ, has_revision, stored_document};
use crate::names::{CollectionName, Key};

/// Reads several documents of a collection with one request.
///
/// The output has the order of the keys, with `None` for each document that does not exist. The server and the client
/// hold all documents of the response in memory.
///
/// # Errors
///
/// 404 with error 1203 if the collection does not exist.
pub struct ReadDocuments<T> {
    collection: CollectionName,
    keys: Vec<Key>,
    allows_dirty_read: bool,
    output: PhantomData<fn() -> T>,
}

impl<T> ReadDocuments<T> {
    /// Reads the documents with these keys.
    #[must_use]
    pub fn new(collection: &CollectionName, keys: impl IntoIterator<Item = Key>) -> Self {
        Self {
            collection: collection.clone(),
            keys: keys.into_iter().collect(),
            allows_dirty_read: false,
            output: PhantomData,
        }
    }

    pub(super) fn collection(&self) -> &CollectionName {
        &self.collection
    }

    /// Returns the keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Allows a coordinator to read from followers.
    ///
    /// Their documents may be older.
    #[must_use]
    pub fn allow_dirty_read(mut self) -> Self {
        self.allows_dirty_read = true;
        self
    }
}

impl<T: DeserializeOwned> Operation for ReadDocuments<T> {
    type Output = Vec<Option<T>>;

    // Without `onlyget` the request would replace documents, so it is a part of the path, not an option.
    const METADATA: Metadata =
        Metadata::put("document.read_many", "/_api/document/{collection}").safe().scope(Scope::Database);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut builder =
            to_documents(Self::METADATA, &self.collection).query("onlyget", "true").json(&self.keys);
        if self.allows_dirty_read {
            builder = builder.header(ALLOW_DIRTY_READ, "true");
        }
        builder.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Vec<Option<T>>, OutputError> {
        let Ok(elements) = serde_json::from_slice::<Vec<&RawValue>>(response.bytes()) else {
            response.json::<Vec<IgnoredAny>>()?;
            return Err(response.invalid("not an array of documents"));
        };
        if elements.len() != self.keys.len() {
            let (found, asked) = (elements.len(), self.keys.len());
            return Err(response.invalid(format_args!("{found} documents where {asked} were asked for")));
        }
        let elements = elements.into_iter().enumerate();
        elements.map(|(index, element)| read_element(&response, index, element)).collect()
    }
}

/// Decodes one element: a document, or the error that it does not exist.
fn read_element<T: DeserializeOwned>(
    response: &ApiResponse,
    index: usize,
    element: &RawValue,
) -> Result<Option<T>, OutputError> {
    let bytes = response.bytes().slice_ref(element.get().as_bytes());
    // A document may have attributes that look like those of an error object; but only documents have a revision.
    if !has_revision(&bytes) {
        match ErrorObject::parse(&bytes) {
            Some(object) if object.number == ErrorNumber::DOCUMENT_NOT_FOUND => return Ok(None),
            Some(object) => return Err(OutputError::server(response, object)),
            None => {}
        }
    }
    let document = ApiResponse::new(response.status(), HeaderMap::new(), bytes);
    stored_document(&document).map(Some).map_err(|error| {
        let (path, reason) = (error.path(), error.source());
        let reason = reason.map_or_else(|| error.to_string(), ToString::to_string);
        let invalid = response.invalid(format_args!("[{index}].{path}: {reason}"));
        invalid.with_success_shape(error.proves_execution())
    })
}

impl<T> Clone for ReadDocuments<T> {
    fn clone(&self) -> Self {
        Self { collection: self.collection.clone(), keys: self.keys.clone(), ..*self }
    }
}

impl<T> fmt::Debug for ReadDocuments<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDocuments")
            .field("collection", &self.collection)
            .field("keys", &self.keys.len())
            .field("allows_dirty_read", &self.allows_dirty_read)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;
    use crate::testing::{assert_request_with_body, key, name, read, response};
    use serde::Deserialize;
    use serde_json::{Value, json};

    fn two<T>() -> ReadDocuments<T> {
        ReadDocuments::new(&name("books"), [key("dune"), key("emma")])
    }

    #[test]
    fn the_keys_are_the_body_and_the_path_says_that_it_reads() {
        assert_request_with_body(
            &two::<Value>(),
            "PUT",
            "/_api/document/books?onlyget=true",
            r#"["dune","emma"]"#,
        );
        let request = two::<Value>().allow_dirty_read().request().unwrap();
        assert_eq!(request.headers()[ALLOW_DIRTY_READ], "true");
    }

    #[test]
    fn documents_have_the_order_of_the_keys_and_a_missing_one_is_none() {
        let body = r#"[{"_key":"dune","_id":"books/dune","_rev":"_a","title":"Dune"},
            {"error":true,"errorNum":1202,"errorMessage":"document not found"}]"#;
        let read = read(&two::<Document<Value>>(), body);
        assert_eq!(read[0].as_ref().unwrap().data, json!({ "title": "Dune" }));
        assert_eq!(read[1], None);
    }

    #[test]
    fn a_document_may_look_like_the_error_that_it_is_missing() {
        let odd = r#"{"_key":"k","_id":"logs/k","_rev":"_a","error":true,"errorNum":1202,"code":404}"#;
        let read = read(&two::<Value>(), &format!("[{odd},{odd}]"));
        assert_eq!(read[1].as_ref().unwrap()["errorNum"], 1202);
    }

    #[test]
    fn another_error_of_one_document_is_the_error_of_all() {
        let body =
            r#"[{"_key":"a","_id":"b/a","_rev":"_a"},{"error":true,"errorNum":1221,"errorMessage":"bad"}]"#;
        let error = two::<Value>().output(response(200, body)).unwrap_err();
        assert_eq!(error.error_object().unwrap().number, ErrorNumber(1221));
    }

    #[test]
    fn a_document_of_another_type_is_named_by_its_place() {
        #[derive(Debug, Deserialize)]
        struct Book {
            #[serde(rename = "title")]
            _title: String,
        }
        let body = r#"[{"_key":"a","_id":"b/a","_rev":"_a","title":"Dune"},{"_key":"b","_id":"b/b","_rev":"_a","title":7}]"#;
        let error = two::<Book>().output(response(200, body)).unwrap_err();
        let reason = error.source().unwrap().to_string();
        assert!(reason.starts_with("[1].title: invalid type: integer, expected a string"), "{reason}");
    }

    #[test]
    fn any_other_body_is_no_answer() {
        for body in ["{}", "[]", r#"[{"status":"ok"},{"status":"ok"}]"#, "<html>", "[1,2]"] {
            assert!(two::<Value>().output(response(200, body)).is_err(), "{body}");
        }
    }
}
