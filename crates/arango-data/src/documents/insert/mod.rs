//! Inserting one document.

#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, Conclusion, DatabaseName, ErrorNumber, ErrorObject, Failure, Metadata,
    Operation, OutputError, Permission, RequestBuilder, RequestClass, RequestProperties, Resolve, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::documents::operation_id::OperationId;
use crate::documents::overwrite_mode::OverwriteMode;
use crate::documents::read::ReadDocument;
use crate::documents::resolution::{Comparison, Effect};
use crate::documents::ticket::DocumentTicket;
use crate::documents::write::Write;
use crate::documents::write_options::write_options;
use crate::documents::write_output::{Silent, WriteOutput, Written};
use crate::json::DocumentBody;
use crate::names::{CollectionName, DocumentId, Key};

/// Errors with which a collection refuses a key that the client has generated.
///
/// Three of them have no name: a key that is no number, where keys are counted, and two of smart graphs.
const KEY_REFUSED: [ErrorNumber; 5] = [
    ErrorNumber::CLUSTER_KEY_NOT_ALLOWED,
    ErrorNumber::KEY_NOT_ALLOWED,
    ErrorNumber(1221),
    ErrorNumber(4003),
    ErrorNumber(4007),
];

/// How often an insert that ignores existing documents is sent again after a conflict with another one.
///
/// A server does not decide between two of them that run at the same time. Sent again, this one finds the document.
const CONFLICT_RETRIES: u8 = 5;

/// Inserts a document.
///
/// Give it a [generated key](Key::generate): then the insert can be repeated after any failure, and its response is
/// found out if it was lost. Without a key the server makes one, and a lost response cannot be found out.
///
/// ```
/// use arango_data::{CollectionName, InsertDocument, Key};
/// use arango_protocol::{Operation, RequestClass};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Book {
///     title: &'static str,
/// }
///
/// let books = CollectionName::new("books")?;
/// let insert = InsertDocument::new(&books, &Book { title: "Dune" }).key(&Key::generate(0, [0; 10]));
/// assert_eq!(insert.properties().class, RequestClass::Fenced);
/// let request = insert.request()?;
/// assert_eq!(request.uri(), "/_api/document/books");
/// assert_eq!(request.body(), r#"{"title":"Dune","_key":"00000000000000000000000000"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// 409 with error 1210 if the key or the value of another unique attribute is in use; 409 with error 1200 if another
/// write runs at the same time; 404 with error 1203 if the collection does not exist.
pub struct InsertDocument<W = Written> {
    write: Write,
    mode: OverwriteMode,
    output: PhantomData<fn() -> W>,
}

write_options!(InsertDocument);

impl InsertDocument {
    /// Inserts a document, serialised at once.
    ///
    /// An error of the serialisation is returned by [`request`](Operation::request).
    #[must_use]
    pub fn new<T: Serialize + ?Sized>(collection: &CollectionName, document: &T) -> Self {
        let write = Write::new(collection, None, DocumentBody::new(document));
        Self { write, mode: OverwriteMode::default(), output: PhantomData }
    }

    /// Inserts an edge between two vertices, which need not exist.
    ///
    /// The document must have neither `_from` nor `_to`.
    #[must_use]
    pub fn edge<T: Serialize + ?Sized>(
        collection: &CollectionName,
        from: &DocumentId,
        to: &DocumentId,
        document: &T,
    ) -> Self {
        let body = DocumentBody::new(document);
        let body =
            body.with_attribute("_to", "_to", to.as_str()).with_attribute("_from", "_from", from.as_str());
        let write = Write::new(collection, None, body);
        Self { write, mode: OverwriteMode::default(), output: PhantomData }
    }
}

impl<W> InsertDocument<W> {
    /// Sets the key; the document must have no other.
    #[must_use]
    pub fn key(mut self, key: &Key) -> Self {
        self.write.body = self.write.body.with_key(key);
        self.write.key = Some(key.clone());
        self
    }

    /// Sets the key if there is none yet.
    #[must_use]
    pub fn key_if_missing(self, key: impl FnOnce() -> Key) -> Self {
        if self.document_key().is_some() { self } else { self.key(&key()) }
    }

    /// Returns the key that was set, or that of the document.
    pub fn document_key(&self) -> Option<&Key> {
        self.write.any_key()
    }

    /// Sets what happens if a document with the key exists.
    ///
    /// Default: [`Conflict`](OverwriteMode::Conflict).
    #[must_use]
    pub fn overwrite(mut self, mode: OverwriteMode) -> Self {
        self.mode = mode;
        self
    }

    /// Overwrites only if this attribute has a higher number than before.
    ///
    /// For [`Replace`](OverwriteMode::Replace) and [`Update`](OverwriteMode::Update), which can then be repeated; with
    /// another mode the request is refused before it is sent. Since 3.12.
    #[must_use]
    pub fn version_attribute(mut self, name: impl Into<String>) -> Self {
        self.write.options_mut().version_attribute = Some(name.into());
        self
    }

    /// Removes attributes that are `null` in the new document.
    ///
    /// For [`Update`](OverwriteMode::Update); with another mode the request is refused before it is sent. Default: they become
    /// `null` in the existing one.
    #[must_use]
    pub fn remove_nulls(mut self) -> Self {
        self.write.options_mut().removes_nulls = true;
        self
    }

    /// Replaces objects in an existing document, instead of merging their attributes.
    ///
    /// For [`Update`](OverwriteMode::Update); with another mode the request is refused before it is sent.
    #[must_use]
    pub fn replace_objects(mut self) -> Self {
        self.write.options_mut().replaces_objects = true;
        self
    }

    /// Returns the insert without a generated key that was refused.
    ///
    /// A collection refuses keys if its key generator or its shard keys do not allow them. The server then makes the
    /// key, and the insert cannot be repeated.
    #[must_use]
    pub fn without_refused_key(&self, failure: &Failure) -> Option<Self> {
        let is_refused = failure.number.is_some_and(is_key_refused);
        let is_generated = self.write.key.as_ref().is_some_and(Key::is_generated);
        if !is_refused || !is_generated || failure.has_ambiguous_predecessor {
            return None;
        }
        let mut without = self.clone();
        without.write.key = None;
        without.write.body = without.write.body.without_added_key();
        Some(without)
    }

    /// Refuses options that would have no effect.
    #[doc(hidden)] // for the crate `arango`, before it reads whether the collection accepts keys
    pub fn check(&self) -> Result<(), BuildError> {
        self.mode.check(&self.write)
    }

    /// Returns what finds out later whether the insert was executed.
    ///
    /// `None` without a key. `unix_millis` is the time of the insert.
    pub fn ticket(&self, unix_millis: u64) -> Option<DocumentTicket> {
        self.write.ticket(self.mode.effect(), unix_millis)
    }

    fn with_output<Other>(self) -> InsertDocument<Other> {
        InsertDocument { write: self.write, mode: self.mode, output: PhantomData }
    }
}

/// What depends on the mode of an insert.
impl OverwriteMode {
    pub(super) fn effect(self) -> Effect {
        match self {
            Self::Conflict => Effect::Create,
            Self::Ignore => Effect::CreateIfMissing,
            Self::Replace | Self::Update => Effect::Change,
        }
    }

    pub(super) fn class(self, write: &Write) -> RequestClass {
        let Some(key) = write.any_key() else { return RequestClass::NonIdempotent };
        let is_fenced = match self {
            Self::Conflict => key.is_generated() || write.options().operation_id.is_some(),
            Self::Ignore => true,
            Self::Replace | Self::Update => write.version().is_some(),
        };
        if is_fenced { RequestClass::Fenced } else { RequestClass::NonIdempotent }
    }

    pub(super) fn comparison(self, write: &Write) -> Comparison {
        match self {
            Self::Update if write.options().replaces_objects => Comparison::MergedAtTop,
            Self::Update => Comparison::Merged,
            _ => Comparison::Whole,
        }
    }

    /// Refuses an option that has no effect in this mode.
    pub(super) fn check(self, write: &Write) -> Result<(), BuildError> {
        let options = write.options();
        let overwrites = matches!(self, Self::Replace | Self::Update);
        let refuse = |field, reason| Err(BuildError::Field { field, reason });
        if options.version_attribute.is_some() && !overwrites {
            return refuse("version", "has no effect without `overwrite` by `Replace` or `Update`");
        }
        for (is_set, field) in
            [(options.removes_nulls, "remove_nulls"), (options.replaces_objects, "replace_objects")]
        {
            if is_set && self != Self::Update {
                return refuse(field, "has no effect without `overwrite` by `Update`");
            }
        }
        Ok(())
    }

    /// Adds the mode to a request.
    pub(super) fn fill(self, mut builder: RequestBuilder, write: &Write) -> RequestBuilder {
        if self != Self::Conflict {
            builder = builder.query("overwriteMode", self.parameter());
        }
        if self == Self::Update {
            // Always sent: the default of the server is not the documented one.
            builder = builder.query("keepNull", if write.options().removes_nulls { "false" } else { "true" });
            if write.options().replaces_objects {
                builder = builder.query("mergeObjects", "false");
            }
        }
        builder
    }
}

/// Returns whether an error refuses the key of a document because the client has generated it.
pub(super) fn is_key_refused(number: ErrorNumber) -> bool {
    KEY_REFUSED.contains(&number)
}

impl<W: WriteOutput> Operation for InsertDocument<W> {
    type Output = W;

    const METADATA: Metadata = Metadata::post("document.insert", "/_api/document/{collection}")
        .scope(Scope::Database)
        .permission(Permission::Write);

    fn properties(&self) -> RequestProperties {
        let properties = self.write.properties(&Self::METADATA, self.mode.class(&self.write));
        if self.mode == OverwriteMode::Ignore && self.document_key().is_some() {
            properties.conflict_retries(CONFLICT_RETRIES)
        } else {
            properties
        }
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if self.mode == OverwriteMode::Conflict
            && let Some(request) = self.write.plain_request(&Self::METADATA)
        {
            return request;
        }
        self.check()?;
        let builder = self.mode.fill(self.write.to_documents(Self::METADATA), &self.write);
        self.write.fill(builder)?.build()
    }

    fn output(&self, response: ApiResponse) -> Result<W, OutputError> {
        W::read(&response, self.write.key.as_ref())
    }
}

impl<W: WriteOutput> Resolve for InsertDocument<W> {
    type Question = ReadDocument<Box<RawValue>>;

    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        self.write.question(self.mode.effect(), failure)
    }

    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<W> {
        self.write.conclusion(self.mode.effect(), self.mode.comparison(&self.write), failure, answer)
    }

    fn ticket_text(&self, database: &DatabaseName, unix_millis: u64) -> Option<String> {
        self.ticket(unix_millis).map(|ticket| ticket.in_database(database).to_string())
    }
}
