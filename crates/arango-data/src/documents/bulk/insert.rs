//! Inserting several documents with one request.

use std::marker::PhantomData;
use std::sync::Arc;

use arango_protocol::{
    ApiResponse, BuildError, DatabaseName, Failure, Metadata, Operation, OutputError, Permission,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::batch::{Batch, Change};
use super::bulk_write::{BulkWrite, Sealed, bulk_options, bulk_write};
use super::elements::{ElementKey, Elements};
use super::item_error::ItemError;
use super::item_output::ItemOutput;
use crate::documents::overwrite_mode::OverwriteMode;
use crate::documents::read_each::{DocumentResult, ReadEachDocument};
use crate::documents::write_output::{Silent, Written};
use crate::names::{CollectionName, Key};

/// Inserts several documents with one request. Each of them succeeds or fails alone.
///
/// It can be repeated if that is so for each document: if each has a [generated key](Key::generate), as
/// [`InsertDocument`](crate::InsertDocument) says.
///
/// ```
/// use arango_data::{BulkWrite, CollectionName, InsertDocuments, Key};
/// use arango_protocol::{Operation, RequestClass};
/// use serde_json::json;
///
/// let mut insert = InsertDocuments::new(&CollectionName::new("books")?);
/// insert.push_with_key(&json!({ "title": "Dune" }), || Key::generate(0, [0; 10]))?;
/// insert.push_with_key(&json!({ "_key": "emma" }), || Key::generate(0, [1; 10]))?;
/// assert_eq!((insert.len(), insert.properties().class), (2, RequestClass::NonIdempotent));
/// let body = r#"[{"title":"Dune","_key":"00000000000000000000000000"},{"_key":"emma"}]"#;
/// assert_eq!(insert.request()?.body(), body);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As a whole: 404 with error 1203 if the collection does not exist. In an item: 1210 if a key or the value of another
/// unique attribute is in use, and others. If a shard does not respond, its items fail with 1478, 1465 or 1457, or the
/// request fails as a whole although other shards have written.
pub struct InsertDocuments<W = Written> {
    batch: Batch,
    output: PhantomData<fn() -> W>,
}

bulk_write!(InsertDocuments, W, [W: ItemOutput]);
bulk_options!(InsertDocuments);

impl InsertDocuments {
    /// Creates an insert without documents.
    #[must_use]
    pub fn new(collection: &CollectionName) -> Self {
        let batch = Batch::new(collection, Change::Insert(OverwriteMode::default()));
        Self { batch, output: PhantomData }
    }
}

impl<W> InsertDocuments<W> {
    /// Adds a document, serialised at once. The server makes its key if it has none.
    ///
    /// # Errors
    ///
    /// If it is no valid document, see [`write_document`](crate::write_document). Then it is not added.
    pub fn push<T: Serialize + ?Sized>(&mut self, document: &T) -> Result<(), BuildError> {
        self.batch.elements.push(document, ElementKey::Own(None::<fn() -> Key>))
    }

    /// Adds a document, with this key if it has none.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn push_with_key<T: Serialize + ?Sized>(
        &mut self,
        document: &T,
        key: impl FnOnce() -> Key,
    ) -> Result<(), BuildError> {
        self.batch.elements.push(document, ElementKey::Own(Some(key)))
    }

    /// Adds the JSON of a document, which is checked and not decoded, with this key if it has none.
    ///
    /// # Errors
    ///
    /// If it is no JSON, or no valid document. Then it is not added.
    pub fn push_json(&mut self, json: &[u8], key: Option<impl FnOnce() -> Key>) -> Result<(), BuildError> {
        self.batch.elements.push_json(json, ElementKey::Own(key))
    }

    /// Returns the insert without the keys that were generated: the server makes them.
    #[must_use]
    pub fn without_generated_keys(mut self) -> Self {
        let all: Vec<usize> = (0..self.batch.elements.items().len()).collect();
        self.batch.elements = self.batch.elements.without_generated_keys(&all);
        self
    }

    /// Returns whether a document has a key that was generated.
    pub fn has_generated_keys(&self) -> bool {
        self.batch.elements.items().iter().any(|item| item.key.as_ref().is_some_and(Key::is_generated))
    }

    /// Sets what happens if a document with a key exists.
    ///
    /// Default: [`Conflict`](OverwriteMode::Conflict).
    #[must_use]
    pub fn overwrite(mut self, mode: OverwriteMode) -> Self {
        self.batch.change = Change::Insert(mode);
        self
    }

    /// Refuses options that would have no effect.
    #[doc(hidden)] // for the crate `arango`, before it reads whether the collection accepts keys
    pub fn check(&self) -> Result<(), BuildError> {
        match self.batch.change {
            Change::Insert(mode) => mode.check(&self.batch.write),
            _ => Ok(()),
        }
    }

    /// Removes attributes that are `null` in the new document.
    ///
    /// For [`Update`](OverwriteMode::Update); with another mode the request is refused before it is sent. Default: they become
    /// `null` in the existing one.
    #[must_use]
    pub fn remove_nulls(mut self) -> Self {
        self.batch.write.options_mut().removes_nulls = true;
        self
    }

    /// Replaces objects in an existing document, instead of merging their attributes.
    ///
    /// For [`Update`](OverwriteMode::Update); with another mode the request is refused before it is sent.
    #[must_use]
    pub fn replace_objects(mut self) -> Self {
        self.batch.write.options_mut().replaces_objects = true;
        self
    }
}

impl<W: ItemOutput> Operation for InsertDocuments<W> {
    type Output = Vec<Result<W, ItemError>>;

    const METADATA: Metadata = Metadata::post("document.insert_many", "/_api/document/{collection}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    #[inline]
    fn properties(&self) -> RequestProperties {
        self.batch.properties(&Self::METADATA)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.batch.request(Self::METADATA)
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        self.batch.output(&response)
    }
}
