//! Operations within a transaction.

use arango_protocol::{
    Affinity, ApiResponse, BuildError, Metadata, Operation, OutputError, RequestClass, RequestProperties,
};
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Request};

use super::id::TransactionId;
use crate::collections::{CountDocuments, TruncateCollection};
use crate::documents::{
    ALLOW_DIRTY_READ, DocumentExists, InsertDocument, InsertDocuments, ReadChangedDocument, ReadDocument,
    ReadDocuments, ReadExistingDocument, RemoveDocument, RemoveDocuments, ReplaceDocument, ReplaceDocuments,
    UpdateDocument, UpdateDocuments,
};
use crate::graphs::RemoveVertex;
use crate::queries::{CloseCursor, CreateCursor, NextBatch};

const TRANSACTION_ID: HeaderName = HeaderName::from_static("x-arango-trx-id");

/// An operation that servers execute within a transaction.
///
/// Those of documents, single or several, and of queries, the count, the truncation, and the removal of a vertex with its
/// edges. Any other operation would be executed outside of it, without an error.
pub trait Transactional: Operation {}

impl<O: Transactional + ?Sized> Transactional for &O {}
impl<W> Transactional for InsertDocument<W> where Self: Operation {}
impl<W> Transactional for UpdateDocument<W> where Self: Operation {}
impl<W> Transactional for ReplaceDocument<W> where Self: Operation {}
impl<Old> Transactional for RemoveDocument<Old> where Self: Operation {}
impl<W> Transactional for InsertDocuments<W> where Self: Operation {}
impl<W> Transactional for UpdateDocuments<W> where Self: Operation {}
impl<W> Transactional for ReplaceDocuments<W> where Self: Operation {}
impl<Old> Transactional for RemoveDocuments<Old> where Self: Operation {}
impl<T> Transactional for ReadDocument<T> where Self: Operation {}
impl<T> Transactional for ReadExistingDocument<T> where Self: Operation {}
impl<T> Transactional for ReadChangedDocument<T> where Self: Operation {}
impl<T> Transactional for ReadDocuments<T> where Self: Operation {}
impl Transactional for DocumentExists {}
impl Transactional for CountDocuments {}
impl Transactional for TruncateCollection {}
impl Transactional for RemoveVertex {}
impl<T> Transactional for CreateCursor<T> where Self: Operation {}
impl<T> Transactional for NextBatch<T> where Self: Operation {}
impl Transactional for CloseCursor {}

/// Executes an operation within a transaction.
///
/// It goes to the owner only. It is sent again only if no coordinator has received it: a transaction is used by one request
/// at a time, and an earlier copy may still be executed.
///
/// ```
/// use arango_data::{CollectionName, CountDocuments, InTransaction};
/// use arango_protocol::{Affinity, Operation, RequestClass};
///
/// let count = CountDocuments { collection: CollectionName::new("accounts")? };
/// let count = InTransaction::new(&"7337".into(), count);
/// assert_eq!(count.request()?.headers()["x-arango-trx-id"], "7337");
/// assert_eq!(count.properties().class, RequestClass::NonIdempotent);
/// assert_eq!(count.properties().affinity, Affinity::Owner);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the operation; 404 with error 1655 or 410 with error 1654 if the transaction does not exist any more; 400
/// with error 1652 if it writes a collection that was not declared; 500 with error 28 while an earlier request is executed.
#[derive(Debug, Clone)]
pub struct InTransaction<O> {
    id: TransactionId,
    operation: O,
}

impl<O: Transactional> InTransaction<O> {
    /// Executes the operation within this transaction.
    #[must_use]
    pub fn new(id: &TransactionId, operation: O) -> Self {
        Self { id: id.clone(), operation }
    }
}

impl<O: Transactional> Operation for InTransaction<O> {
    type Output = O::Output;

    const METADATA: Metadata = O::METADATA;

    #[inline]
    fn properties(&self) -> RequestProperties {
        self.operation
            .properties()
            .class(RequestClass::NonIdempotent)
            .affinity(Affinity::Owner)
            .without_hedging()
            // Its snapshot stays the same, and so does the conflict.
            .conflict_retries(0)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request = self.operation.request()?;
        if request.headers().contains_key(ALLOW_DIRTY_READ) {
            let reason = "has no effect in a transaction, which reads from leaders";
            let is_query = Self::METADATA.path == CreateCursor::<()>::METADATA.path;
            let field = if is_query { "allow_dirty_reads" } else { "allow_dirty_read" };
            return Err(BuildError::Field { field, reason });
        }
        let id = HeaderValue::from_str(self.id.as_str())
            .map_err(|_| BuildError::HeaderValue { name: TRANSACTION_ID })?;
        request.headers_mut().insert(TRANSACTION_ID, id);
        Ok(request)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<O::Output, OutputError> {
        self.operation.output(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::{Aql, QueryOptions};
    use crate::testing::{assert_rejected, key, name, read};
    use serde_json::{Value, json};

    #[test]
    fn a_dirty_read_in_a_transaction_is_refused() {
        let read = ReadDocument::<Value>::new(&name("books"), &key("dune")).allow_dirty_read();
        let error = InTransaction::new(&"7337".into(), read).request().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`allow_dirty_read` has no effect in a transaction, which reads from leaders"
        );
        let options = QueryOptions::new().allow_dirty_reads();
        let query = CreateCursor::<Value>::new("RETURN 1").options(options);
        let error = InTransaction::new(&"7337".into(), query).request().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`allow_dirty_reads` has no effect in a transaction, which reads from leaders"
        );
    }

    #[test]
    fn every_operation_gets_the_header_and_is_sent_once_to_the_owner() {
        fn check<O: Transactional>(operation: O) {
            let is_rolled_back = operation.properties().is_rolled_back;
            let within = InTransaction::new(&"7337".into(), operation);
            let request = within.request().unwrap();
            assert_eq!(request.headers()[TRANSACTION_ID], "7337", "{}", O::METADATA.name);
            let properties = within.properties();
            assert_eq!(
                (properties.class, properties.affinity),
                (RequestClass::NonIdempotent, Affinity::Owner)
            );
            assert_eq!(properties.is_rolled_back, is_rolled_back);
            assert!(!properties.is_hedgeable && properties.conflict_retries == 0);
        }
        let (books, dune, query) = (name("books"), key("dune"), Aql::new("RETURN 1"));
        let dune_of = || ReadDocument::<Value>::new(&books, &dune);
        let document = json!({});
        check(InsertDocument::new(&books, &document).key(&crate::Key::generate(0, [0; 10])));
        check(InsertDocument::new(&books, &document).key(&dune).overwrite(crate::OverwriteMode::Ignore));
        check(UpdateDocument::new(&books, &dune, &document).if_revision(&"_a".parse().unwrap()));
        check(ReplaceDocument::new(&books, &dune, &document));
        check(RemoveDocument::new(&books, &dune));
        let mut insert = InsertDocuments::new(&books);
        insert.push_with_key(&document, || crate::Key::generate(0, [0; 10])).unwrap();
        check(insert);
        let mut update = UpdateDocuments::new(&books).if_body_revision();
        update.push(&dune, &json!({ "_rev": "_a" })).unwrap();
        check(update);
        let mut replace = ReplaceDocuments::new(&books).version_attribute("v");
        replace.push(&dune, &json!({ "v": 1 })).unwrap();
        check(replace);
        let mut remove = RemoveDocuments::new(&books);
        remove.push(&crate::Key::generate(0, [0; 10]));
        check(remove);
        check(RemoveVertex::new("library", &books, &dune));
        check(dune_of());
        check(dune_of().must_exist());
        check(dune_of().unless_revision(&"_a".parse().unwrap()));
        check(ReadDocuments::<Value>::new(&books, [dune.clone()]));
        check(DocumentExists::new(&books, &dune));
        check(CountDocuments { collection: books.clone() });
        check(TruncateCollection::new(&books));
        check(CreateCursor::<u8>::new(&query).options(QueryOptions::new().allow_retry()));
        check(NextBatch::<u8>::numbered(&"17".into(), &"2".into()));
        let close = CloseCursor::new(&"17".into());
        check(&close);
        check(close);
    }

    #[test]
    fn the_response_is_that_of_the_operation_and_an_id_that_is_no_header_is_refused() {
        let count = CountDocuments { collection: name("books") };
        let within = InTransaction::new(&"7337".into(), count.clone());
        assert_eq!(read(&within, r#"{"error":false,"code":200,"count":7}"#), 7);
        let reason = "the value of the header `x-arango-trx-id` contains an invalid character";
        assert_rejected(&InTransaction::new(&"a\nb".into(), count), reason);
    }
}
