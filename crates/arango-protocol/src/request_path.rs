//! What the path of a request names.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns the name of the database of a path.
#[must_use]
pub fn database_of_path(path: &str) -> Cow<'_, str> {
    split(path).0.map_or(Cow::Borrowed("_system"), decode)
}

/// Returns the name of the collection of a path, if it names one.
#[must_use]
pub fn collection_of_path(path: &str) -> Option<Cow<'_, str>> {
    let (_, call) = split(path);
    let below = call.strip_prefix("/_api/document/").or_else(|| call.strip_prefix("/_api/collection/"))?;
    below.split('/').next().filter(|name| !name.is_empty()).map(decode)
}

/// Returns the id of the document of a path, such as `books/dune`, if it names one.
#[must_use]
pub fn document_of_path(path: &str) -> Option<Cow<'_, str>> {
    let (_, call) = split(path);
    call.strip_prefix("/_api/document/").filter(|id| id.contains('/')).map(decode)
}

/// Returns the path as errors show it: without the id of a cursor, with which others could read its rows.
#[must_use]
pub fn path_without_cursor(path: &str) -> String {
    const CURSOR: &str = "/_api/cursor/";
    let (_, call) = split(path);
    let Some(id) = call.strip_prefix(CURSOR) else { return path.to_owned() };
    let before = &path[..path.len() - id.len()];
    let rest = id.find('/').map_or("", |end| &id[end..]);
    format!("{before}\u{2026}{rest}")
}

/// Splits a path into the encoded name of its database, if it has one, and the rest.
fn split(path: &str) -> (Option<&str>, &str) {
    let Some(below) = path.strip_prefix("/_db/") else { return (None, path) };
    let end = below.find('/').unwrap_or(below.len());
    (Some(&below[..end]), &below[end..])
}

fn decode(name: &str) -> Cow<'_, str> {
    percent_decode_str(name).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_document_if_it_has_a_key() {
        assert_eq!(document_of_path("/_db/shop/_api/document/a%20b/c%2B1").unwrap(), "a b/c+1");
        for path in ["/_api/document/books", "/_api/collection/books/count", "/_api/version"] {
            assert_eq!(document_of_path(path), None, "{path}");
        }
    }

    #[test]
    fn the_id_of_a_cursor_is_not_shown() {
        for (path, expected) in [
            ("/_api/cursor/1099511627777/2", "/_api/cursor/\u{2026}/2"),
            ("/_db/shop/_api/cursor/17", "/_db/shop/_api/cursor/\u{2026}"),
            ("/_db/shop/_api/cursor", "/_db/shop/_api/cursor"),
            ("/_api/document/books/dune", "/_api/document/books/dune"),
        ] {
            assert_eq!(path_without_cursor(path), expected);
        }
    }

    #[test]
    fn a_path_names_its_database_and_perhaps_a_collection() {
        for (path, expected_database, expected_collection) in [
            ("/_api/version", "_system", None),
            ("/_api/document/books/dune", "_system", Some("books")),
            ("/_db/shop/_api/document/books", "shop", Some("books")),
            ("/_db/B%C3%BCro/_api/collection/a%20b/count", "B\u{fc}ro", Some("a b")),
            ("/_db/shop/_api/collection/", "shop", None),
            ("/_db/shop/_api/cursor", "shop", None),
            ("/_db/shop", "shop", None),
        ] {
            assert_eq!(database_of_path(path), expected_database, "{path}");
            assert_eq!(collection_of_path(path).as_deref(), expected_collection, "{path}");
        }
    }
}
