//! Names of collections.

use std::sync::{Arc, OnceLock};

use arango_protocol::{Metadata, RequestBuilder};
use http::uri::PathAndQuery;

use super::{InvalidIdentifier, string_impls};

/// The longest name, in bytes.
pub(super) const MAX_LENGTH: usize = 256;

/// The validated name of a collection.
///
/// Cloning is cheap. A name consists of letters, digits, `_` and `-`; since 3.12 a server by default also accepts most
/// other characters.
///
/// ```
/// use arango_data::CollectionName;
///
/// let books = CollectionName::new("books")?;
/// assert_eq!(books, "books");
/// assert!(CollectionName::new("a/b").is_err());
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
#[derive(Clone)]
pub struct CollectionName(Arc<Repr>);

struct Repr {
    name: Box<str>,
    /// The path of its documents. Encoded once, since each call of a document needs it.
    documents_path: OnceLock<PathAndQuery>,
}

string_impls!(CollectionName);

impl From<&Self> for CollectionName {
    fn from(name: &Self) -> Self {
        name.clone()
    }
}

impl CollectionName {
    /// Validates a name as far as possible without a server.
    ///
    /// The server decides whether it allows names with other characters than letters, digits, `_` and `-`, and whether
    /// a name is in Unicode's normal form C.
    ///
    /// # Errors
    ///
    /// If the name is empty, longer than 256 bytes, begins with a digit, a dot or a space, ends with a space, or
    /// contains a slash or a control character.
    pub fn new(name: &str) -> Result<Self, InvalidIdentifier> {
        match fault(name) {
            Some(reason) => Err(InvalidIdentifier::new("collection name", name, reason)),
            None => Ok(Self(Arc::new(Repr { name: name.into(), documents_path: OnceLock::new() }))),
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0.name
    }

    /// Returns whether the name is that of a system collection.
    ///
    /// It begins with `_`.
    pub fn is_system(&self) -> bool {
        self.0.name.starts_with('_')
    }

    /// Returns the path of its documents.
    pub(crate) fn documents_path(&self) -> &PathAndQuery {
        const DOCUMENTS: Metadata = Metadata::get("documents", "/_api/document/{collection}");
        self.0.documents_path.get_or_init(|| {
            let request = RequestBuilder::new(DOCUMENTS).path_param("collection", self.as_str()).build();
            let path = request.ok().and_then(|request| request.uri().path_and_query().cloned());
            path.expect("each valid name is a segment of a path")
        })
    }
}

/// Returns why every server refuses a name, if it does.
pub(super) fn fault(name: &str) -> Option<&'static str> {
    match name.as_bytes() {
        [] => Some("is empty"),
        bytes if bytes.len() > MAX_LENGTH => Some("is longer than 256 bytes"),
        [b'0'..=b'9', ..] => Some("begins with a digit"),
        [b'.', ..] => Some("begins with a dot"),
        [b' ', ..] | [.., b' '] => Some("begins or ends with a space"),
        bytes => match bytes.iter().find(|byte| **byte == b'/' || **byte < b' ')? {
            b'/' => Some("contains a slash"),
            _ => Some("contains a control character"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_fault_of_a_name_is_named() {
        for (name, reason) in [
            ("", "is empty"),
            (&"x".repeat(257), "is longer than 256 bytes"),
            ("1books", "begins with a digit"),
            (".books", "begins with a dot"),
            ("books ", "begins or ends with a space"),
            ("a/b", "contains a slash"),
            ("a\nb", "contains a control character"),
        ] {
            assert_eq!(CollectionName::new(name).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn names_that_only_some_servers_accept_are_accepted() {
        for name in ["a:b", "a b", "a.b", "日本", "😀", "a%b"] {
            assert_eq!(CollectionName::new(name).unwrap(), name);
        }
    }

    #[test]
    fn a_system_collection_is_recognised() {
        assert!(CollectionName::new("_graphs").unwrap().is_system());
        assert!(!CollectionName::new("graphs_").unwrap().is_system());
    }

    proptest! {
        #[test]
        fn every_traditional_name_is_accepted(name in "[A-Za-z_][A-Za-z0-9_-]{0,255}") {
            prop_assert_eq!(CollectionName::new(&name).unwrap(), name.as_str());
        }

        #[test]
        fn every_accepted_name_survives_json_and_is_a_segment_of_a_path(name: String) {
            if let Ok(name) = CollectionName::try_from(name) {
                let segment = name.documents_path().path().strip_prefix("/_api/document/").unwrap();
                prop_assert!(!segment.is_empty() && !segment.contains('/'));
                let text = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<CollectionName>(&text).unwrap(), name);
            }
        }
    }
}
