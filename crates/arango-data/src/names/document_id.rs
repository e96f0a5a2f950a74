//! Ids of documents.

use std::sync::Arc;

use memchr::memchr;

use super::{CollectionName, InvalidIdentifier, Key, collection_name, key, string_impls};

/// The id of a document, such as `books/dune`.
///
/// It consists of the name of the collection and the key.
///
/// ```
/// use arango_data::DocumentId;
///
/// let id: DocumentId = "books/dune".parse()?;
/// assert_eq!((id.collection(), id.key()), ("books", "dune"));
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
#[derive(Clone)]
pub struct DocumentId {
    text: Arc<str>,
    slash: usize,
}

string_impls!(DocumentId);

impl DocumentId {
    /// Validates an id.
    ///
    /// # Errors
    ///
    /// If the id has no slash, or if the collection's name or the key is invalid.
    pub fn new(id: &str) -> Result<Self, InvalidIdentifier> {
        let invalid = |reason| InvalidIdentifier::new("document id", id, reason);
        let slash = memchr(b'/', id.as_bytes()).ok_or_else(|| invalid("has no slash"))?;
        let (collection, key) = (&id[..slash], &id[slash + 1..]);
        if collection_name::fault(collection).is_some() {
            return Err(invalid("has an invalid collection name"));
        }
        if key::fault(key).is_some() {
            return Err(invalid("has an invalid key"));
        }
        Ok(Self { text: id.into(), slash })
    }

    /// Takes a valid id whose slash stands there.
    pub(super) fn of_valid(text: Arc<str>, slash: usize) -> Self {
        Self { text, slash }
    }

    /// Creates the id of the document with this key.
    #[inline]
    pub fn of(collection: &CollectionName, key: &Key) -> Self {
        Self { text: format!("{collection}/{key}").into(), slash: collection.as_str().len() }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the name of the collection.
    pub fn collection(&self) -> &str {
        &self.text[..self.slash]
    }

    /// Returns the key.
    pub fn key(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// Returns the key, which shares the memory of the id.
    pub(crate) fn shared_key(&self) -> Key {
        Key::of_id(&self.text, self.slash + 1)
    }
}

impl From<&DocumentId> for DocumentId {
    fn from(id: &DocumentId) -> Self {
        id.clone()
    }
}

impl TryFrom<&String> for DocumentId {
    type Error = InvalidIdentifier;

    fn try_from(id: &String) -> Result<Self, InvalidIdentifier> {
        Self::new(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_an_id_is_named() {
        for (id, reason) in [
            ("dune", "has no slash"),
            ("1/dune", "has an invalid collection name"),
            ("books/", "has an invalid key"),
            ("books/a/b", "has an invalid key"),
        ] {
            assert_eq!(id.parse::<DocumentId>().unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn an_id_is_made_of_its_parts() {
        let (books, dune) = (CollectionName::new("books").unwrap(), Key::new("dune").unwrap());
        let id = DocumentId::of(&books, &dune);
        assert_eq!(id, DocumentId::new("books/dune").unwrap());
        assert_eq!((id.collection(), id.key()), ("books", "dune"));
    }
}
