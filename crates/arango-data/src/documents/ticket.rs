//! Finding out later whether a write was executed.

use std::fmt;
use std::str::FromStr;

use arango_protocol::{Conclusion, DatabaseName, ErrorKind, ErrorObject, Failure, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::evidence::Evidence;
use super::read::ReadDocument;
use super::resolution::{Expectation, StoredDocument};
use crate::names::{CollectionName, Key};

/// What finds out later whether a write was executed.
///
/// It works in another process, too. It has the names and conditions of the write, but not the document. So the write
/// of another client under the same key can be told from it only if the key was generated, or by an [operation
/// id](crate::OperationId).
///
/// [`Display`](fmt::Display) is the text to store, and [`FromStr`] reads it.
///
/// ```
/// use arango_data::{CollectionName, DocumentTicket, InsertDocument, Key};
///
/// let books = CollectionName::new("books")?;
/// let insert = InsertDocument::new(&books, &serde_json::json!({})).key(&Key::generate(0, [0; 10]));
/// let ticket = insert.ticket(1_743_568_356_000).ok_or("an insert without a key has no ticket")?;
/// let text = ticket.to_string();
///
/// let ticket: DocumentTicket = text.parse()?;
/// let question = ticket.question();
/// # drop(question);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentTicket {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    collection: CollectionName,
    key: Key,
    expectation: Expectation,
    unix_millis: u64,
}

impl DocumentTicket {
    pub(super) fn new(
        collection: &CollectionName,
        key: &Key,
        expectation: Expectation,
        unix_millis: u64,
    ) -> Self {
        Self { database: None, collection: collection.clone(), key: key.clone(), expectation, unix_millis }
    }

    /// Sets the database of the collection, which the write does not know.
    #[must_use]
    pub fn in_database(mut self, database: &DatabaseName) -> Self {
        self.database = Some(database.as_str().to_owned());
        self
    }

    /// Returns the database of the collection, if it was set.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Returns the collection.
    pub fn collection(&self) -> &CollectionName {
        &self.collection
    }

    /// Returns the key of the document.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Returns the time of the write, in milliseconds since 1970.
    pub fn unix_millis(&self) -> u64 {
        self.unix_millis
    }

    /// Returns what to ask.
    pub fn question(&self) -> ReadDocument<Box<RawValue>> {
        ReadDocument::new(&self.collection, &self.key)
    }

    /// Concludes from the answer, as [`Resolve`](arango_protocol::Resolve) does.
    ///
    /// [`CannotTell`](Conclusion::CannotTell) if a document is there that may be that of another write.
    pub fn conclusion(&self, answer: Result<Option<Box<RawValue>>, &ErrorObject>) -> Conclusion<Evidence> {
        let Ok(document) = answer else { return Conclusion::CannotTell };
        let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None).after_ambiguous_attempt();
        self.expectation.conclude(&lost, None, document.as_deref().map(StoredDocument))
    }
}

impl fmt::Display for DocumentTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for DocumentTicket {
    type Err = serde_json::Error;

    #[inline]
    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}
