//! Handle on one collection.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use arango_data::{
    CollectionName, DocumentExists, GetCollectionProperties, InsertDocument, InvalidIdentifier, Key,
    OverwriteMode, ReadDocument, ReadDocuments, RemoveDocument, ReplaceDocument, Transactional,
    UpdateDocument,
};
use arango_transport::protocol::{BuildError, Operation, Resolve};
use arango_transport::{BoxFuture, Coordinator, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data::insert::Insert;
use crate::data::key::{self, ToKey};
use crate::data::modify::Modify;
use crate::data::read::{Exists, Get};
use crate::data::read_many::GetMany;
use crate::data::remove::Remove;
use crate::data::transaction::TransactionCalls;
use crate::data::write::{Replace, Update};
use crate::handles::data_support::generated_keys::AcceptsKeys;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;
use crate::handles::time_limit::TimeLimit;

/// Handle on one collection.
///
/// Cheap to clone. Creating it sends nothing, and an invalid name is reported by its calls.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Book {
///     title: String,
///     year: u16,
/// }
///
/// # async fn example(client: &arango::Client) -> arango::Result<()> {
/// let books = client.db("library").collection("books");
/// let written = books.insert(&Book { title: "Dune".to_owned(), year: 1965 }).await?;
/// let book: Option<Book> = books.get(&written.key).await?;
/// # Ok(())
/// # }
/// ```
// One pointer, because each call clones its handle.
#[derive(Debug, Clone)]
pub struct Collection(Arc<State>);

/// What the clones of a handle share.
#[derive(Debug, Clone)]
struct State {
    database: Database,
    name: Result<CollectionName, InvalidIdentifier>,
    keys: Keys,
    /// The transaction in which its documents are read and written.
    transaction: Option<Arc<TransactionCalls>>,
    /// What the client knows of the collection, once it was looked up.
    accepts_keys: OnceLock<AcceptsKeys>,
}

/// Whether a call borrows a transaction until its end, so that there is no other one at the same time.
pub(super) type Borrow<'a> = PhantomData<&'a mut ()>;

/// Where the keys of new documents come from that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// The client makes them, so that an insert can be repeated.
    Client,
    Server,
}

impl Database {
    /// Returns a handle on a collection of this database.
    pub fn collection(&self, name: &str) -> Collection {
        let name = CollectionName::new(name);
        Collection(Arc::new(State {
            database: self.clone(),
            name,
            keys: Keys::Client,
            transaction: None,
            accepts_keys: OnceLock::new(),
        }))
    }
}

impl Collection {
    /// Returns this handle, which then leaves the keys of new documents to the server.
    ///
    /// Other handles, also clones made before, keep what they do. An insert without a key then is not repeated if its response is lost, and it is not found out whether it was
    /// executed: the document has no name by which it could be looked for.
    #[must_use]
    pub fn server_keys(mut self) -> Self {
        self.set_keys(Keys::Server);
        self
    }

    /// Prefers this coordinator: see [`Database::prefer`].
    #[must_use]
    pub fn prefer(mut self, coordinator: Coordinator) -> Self {
        self.set_database(self.database().clone().prefer(coordinator));
        self
    }

    /// Inserts a document.
    ///
    /// If the document has no `_key`, the client makes one, so that the insert can be repeated after any failure, and is
    /// found out about if its response is lost. [`server_keys`](Self::server_keys) leaves that to the server.
    #[doc(alias = "save")]
    #[doc(alias = "insert_document")]
    pub fn insert<T: Serialize + ?Sized>(&self, document: &T) -> Insert<'static> {
        Insert::new(self, self.operation(|name| Ok(InsertDocument::new(name, document))))
    }

    /// Inserts a document under this key, or merges its attributes into the document that is there.
    ///
    /// [`overwrite`](Insert::overwrite) with [`Replace`](OverwriteMode::Replace) replaces the whole document instead.
    pub fn upsert<T: Serialize + ?Sized>(&self, key: impl ToKey, document: &T) -> Insert<'static> {
        let operation = |name: &_| Ok(InsertDocument::new(name, document).key(&key.to_key()?));
        Insert::new(self, self.operation(operation)).overwrite(OverwriteMode::Update)
    }

    /// Reads a document; `None` if there is none with this key.
    ///
    /// `T` is the document itself, or [`Document<T>`](arango_data::Document) to get its key, id and revision, too.
    #[doc(alias = "document")]
    pub fn get<T: DeserializeOwned>(&self, key: impl ToKey) -> Get<'static, T> {
        Get::new(self, self.operation(|name| Ok(ReadDocument::new(name, &key.to_key()?))))
    }

    /// Reads several documents with one request, in the order of the keys; `None` for each that is not there.
    ///
    /// ```no_run
    /// use arango::data::Document;
    /// # use serde_json::Value;
    ///
    /// # async fn example(books: &arango::Collection) -> arango::Result<()> {
    /// let found = books.get_many::<Document<Value>>(["dune", "emma"]).await?;
    /// println!("{} of {} books", found.iter().flatten().count(), found.len());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "documents")]
    pub fn get_many<T: DeserializeOwned>(
        &self,
        keys: impl IntoIterator<Item = impl ToKey>,
    ) -> GetMany<'static, T> {
        let operation = |name: &_| {
            let keys: Result<Vec<_>, _> = keys.into_iter().map(key::Sealed::to_key).collect();
            Ok(ReadDocuments::new(name, keys?))
        };
        GetMany::new(self, self.operation(operation))
    }

    /// Returns whether there is a document with this key.
    #[doc(alias = "has")]
    #[doc(alias = "has_document")]
    #[doc(alias = "documentExists")]
    pub fn exists(&self, key: impl ToKey) -> Exists<'static> {
        Exists::new(self, self.operation(|name| Ok(DocumentExists::new(name, &key.to_key()?))))
    }

    /// Merges the attributes of a patch into a document.
    pub fn update<T: Serialize + ?Sized>(&self, key: impl ToKey, patch: &T) -> Update<'static> {
        Update::new(self, self.operation(|name| Ok(UpdateDocument::new(name, &key.to_key()?, patch))))
    }

    /// Replaces a document.
    pub fn replace<T: Serialize + ?Sized>(&self, key: impl ToKey, document: &T) -> Replace<'static> {
        Replace::new(self, self.operation(|name| Ok(ReplaceDocument::new(name, &key.to_key()?, document))))
    }

    /// Removes a document. A document that is not there is no error.
    #[doc(alias = "delete")]
    #[doc(alias = "delete_document")]
    pub fn remove(&self, key: impl ToKey) -> Remove<'static> {
        Remove::new(self, self.operation(|name| Ok(RemoveDocument::new(name, &key.to_key()?))))
    }

    /// Reads a document, changes it, and writes what was changed if it still has the revision that was read.
    ///
    /// If another write was faster, it is read again, up to eight times.
    pub fn modify<T, F>(&self, key: impl ToKey, change: F) -> Modify<T, F>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(&mut T),
    {
        Modify::new(self, self.operation(|_| key.to_key()), change)
    }

    /// Executes the calls of documents in this transaction.
    pub(super) fn in_transaction(mut self, transaction: Arc<TransactionCalls>) -> Self {
        Arc::make_mut(&mut self.0).transaction = Some(transaction);
        self
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.0.transaction.is_some()
    }

    pub(super) fn transaction(&self) -> Option<&TransactionCalls> {
        self.0.transaction.as_deref()
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    /// Replaces the handle of the database, on the same database.
    pub(super) fn set_database(&mut self, database: Database) {
        Arc::make_mut(&mut self.0).database = database;
    }

    pub(super) fn keys(&self) -> Keys {
        self.0.keys
    }

    pub(super) fn set_keys(&mut self, keys: Keys) {
        Arc::make_mut(&mut self.0).keys = keys;
    }

    /// Records what a read has met on which a call of the transaction depends.
    pub(super) fn record_failure(&self, error: &Error) {
        if let Some(transaction) = self.transaction() {
            transaction.record_failure(error);
        }
    }

    /// Executes an operation, in the transaction if there is one.
    pub(super) async fn execute<O: Transactional>(&self, operation: O) -> Result<O::Output, Error> {
        match self.transaction() {
            None => self.database().execute(operation).await,
            // Boxed: it should not enlarge the future of every call.
            Some(transaction) => Box::pin(transaction.execute(operation)).await,
        }
    }

    /// Executes a write, and finds out whether it was executed if its response is lost.
    ///
    /// In a transaction only the commit is found out about.
    pub(super) async fn execute_resolving<O: Resolve + Transactional>(
        &self,
        operation: O,
    ) -> Result<O::Output, Error> {
        match self.transaction() {
            None => self.database().execute_resolving(operation).await,
            Some(transaction) => Box::pin(transaction.execute(operation)).await,
        }
    }

    /// Makes a key that no other write uses: a ULID in lower case.
    pub fn new_key(&self) -> Key {
        key::generate(self.0.name.as_ref().ok(), self.database().transport.random())
    }

    /// Returns whether the collection accepts the keys that the client makes, if it is known.
    pub(super) fn known_to_accept_generated_keys(&self) -> Option<bool> {
        if let Some(accepts) = self.0.accepts_keys.get() {
            return Some(accepts.get());
        }
        let name = self.0.name.as_ref().ok()?;
        let found =
            self.database().shared.data.generated_keys.find(self.database().prefix(), name.as_str())?;
        Some(self.0.accepts_keys.get_or_init(|| found).get())
    }

    /// Returns whether the collection accepts the keys that the client makes. Its properties are read once.
    ///
    /// The next request of this handle gets the time that is left then. An error is that of the operation `O`, which was
    /// not sent yet.
    pub(super) async fn accepts_generated_keys<O: Operation>(&mut self) -> Result<bool, Error> {
        let accepts = self.reads_whether_keys_are_accepted(O::METADATA.name).await;
        accepts.map_err(|error| error.of_operation(O::METADATA.name).before_execution())
    }

    #[inline]
    async fn reads_whether_keys_are_accepted(&mut self, operation: &'static str) -> Result<bool, Error> {
        if let Some(known) = self.known_to_accept_generated_keys() {
            return Ok(known);
        }
        let read = GetCollectionProperties { collection: self.name()?.clone() };
        let limit = TimeLimit::start(self.database(), &read);
        // Boxed: rare and large, so it should not enlarge the future of every insert, nor its type.
        let database = self.database().clone().preparing(operation);
        let properties: BoxFuture<'_, Result<_, Error>> =
            Box::pin(async move { database.execute(read).await });
        let accepts = properties.await?.accepts_generated_keys();
        self.record_whether_keys_are_accepted(accepts);
        self.set_database(limit.apply(self.database()));
        Ok(accepts)
    }

    /// Records that the collection has refused a key that the client made.
    pub(super) fn record_key_refusal(&self) {
        self.record_whether_keys_are_accepted(false);
    }

    fn record_whether_keys_are_accepted(&self, are_accepted: bool) {
        if let Ok(name) = &self.0.name {
            let known = &self.database().shared.data.generated_keys;
            known.record(self.database().prefix(), name.as_str(), are_accepted);
        }
    }

    /// Returns whether it is known that the collection does not accept the keys that the client makes.
    pub(super) fn has_refused_generated_keys(&self) -> bool {
        self.known_to_accept_generated_keys() == Some(false)
    }

    /// Returns the name, or the error of a call under an invalid one.
    pub(super) fn name(&self) -> Result<&CollectionName, Error> {
        let name = self.0.name.as_ref();
        name.map_err(|invalid| {
            invalid_request::<GetCollectionProperties>(invalid_name("collection", invalid))
        })
    }

    /// Builds an operation, or keeps what is wrong with a name.
    pub(super) fn operation<O>(
        &self,
        build: impl FnOnce(&CollectionName) -> Result<O, InvalidIdentifier>,
    ) -> Result<O, BuildError> {
        let name = self.0.name.as_ref().map_err(|invalid| invalid_name("collection", invalid))?;
        build(name).map_err(|invalid| invalid_name("key", &invalid))
    }
}

/// For [`Aql::collection`](arango_data::Aql::collection).
impl TryFrom<&Collection> for CollectionName {
    type Error = InvalidIdentifier;

    fn try_from(collection: &Collection) -> Result<Self, InvalidIdentifier> {
        collection.0.name.clone()
    }
}

pub(super) fn invalid_name(field: &'static str, invalid: &InvalidIdentifier) -> BuildError {
    BuildError::Field { field, reason: invalid.reason() }
}
