//! What the path of a request names.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Returns the name of the database of a path.
pub(crate) fn database(path: &str) -> Cow<'_, str> {
    split(path).0.map_or(Cow::Borrowed("_system"), decode)
}

/// Returns the name of the collection of a path, if it names one.
pub(crate) fn collection(path: &str) -> Option<Cow<'_, str>> {
    let (_, call) = split(path);
    let below = call.strip_prefix("/_api/document/").or_else(|| call.strip_prefix("/_api/collection/"))?;
    below.split('/').next().filter(|name| !name.is_empty()).map(decode)
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
            assert_eq!(database(path), expected_database, "{path}");
            assert_eq!(collection(path).as_deref(), expected_collection, "{path}");
        }
    }
}
