//! The attributes of the server in the response to a write.

use crate::json::take_text;
use crate::names::{DocumentId, Key, Revision};

/// The id and the revisions of a written document, if its response has nothing else.
pub(super) struct WrittenAttributes {
    pub(super) id: DocumentId,
    pub(super) revision: Revision,
    pub(super) old_revision: Option<Revision>,
}

impl WrittenAttributes {
    /// Reads a response as servers write it: in this order, without spaces and escapes.
    ///
    /// `key` is the one of the request, if it had one. `None` for any other text, even if it is a valid response: that is
    /// left to a JSON parser, at five times the cost. The difference is 5 % of an insert.
    pub(super) fn read(json: &[u8], key: Option<&Key>) -> Option<Self> {
        let mut json = json.strip_prefix(br#"{"_id":""#)?;
        let id = match take_known_id(&mut json, key) {
            Some(id) => id,
            None => DocumentId::new(str::from_utf8(take_text(&mut json, b"")?).ok()?).ok()?,
        };
        json = json.strip_prefix(br#"","_key":""#)?.strip_prefix(id.key().as_bytes())?;
        let revision = read_revision(&mut json, br#"","_rev":""#)?;
        let old_revision = match json {
            br#""}"# => None,
            _ => Some(read_revision(&mut json, br#"","_oldRev":""#)?),
        };
        (json == br#""}"#).then_some(Self { id, revision, old_revision })
    }
}

/// Takes the id off the beginning of `json` that the key is a part of. It is valid, and needs no memory.
fn take_known_id(json: &mut &[u8], key: Option<&Key>) -> Option<DocumentId> {
    let id = key?.whole_id()?;
    *json = json.strip_prefix(id.as_str().as_bytes())?;
    Some(id)
}

/// Takes a revision that `before` precedes off the beginning of `json`, up to its closing quote.
///
/// Byte by byte, because it is shorter than what a search looks at together.
fn read_revision(json: &mut &[u8], before: &[u8]) -> Option<Revision> {
    let rest = json.strip_prefix(before)?;
    let length = rest.iter().position(|byte| !Revision::may_contain(*byte) || *byte == b'\\')?;
    let (revision, rest) = rest.split_at(length);
    *json = rest;
    let revision = str::from_utf8(revision).ok().filter(|revision| !revision.is_empty())?;
    Some(Revision::of_valid(revision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::write_output::Written;
    use crate::names::CollectionName;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_response_of_a_server_is_read_without_a_parser() {
        let names =
            WrittenAttributes::read(br#"{"_id":"books/dune","_key":"dune","_rev":"_b"}"#, None).unwrap();
        assert_eq!((names.id.as_str(), names.revision.as_str()), ("books/dune", "_b"));
        assert_eq!((names.id.shared_key().as_str(), names.old_revision), ("dune", None));
        let text =
            r#"{"_id":"b\u{fc}cher/d","_key":"d","_rev":"_b","_oldRev":"_a"}"#.replace("\\u{fc}", "\u{fc}");
        let names = WrittenAttributes::read(text.as_bytes(), None).unwrap();
        assert_eq!((names.id.collection(), names.old_revision.unwrap().as_str()), ("b\u{fc}cher", "_a"));
    }

    #[test]
    fn any_other_response_is_left_to_a_parser() {
        for text in [
            r#"{"_key":"k","_id":"c/k","_rev":"_b"}"#,
            r#"{"_id":"c/k","_key":"k","_rev":"_b","new":{}}"#,
            r#"{"_id":"c/k","_key":"k","_rev":"_b"} "#,
            r#"{"_id":"c/k","_key":"k","_rev":"_b"}}"#,
            r#"{"_id":"c/k","_key":"other","_rev":"_b"}"#,
            r#"{"_id":"c\u0064/k","_key":"k","_rev":"_b"}"#,
            r#"{"_id":"k","_key":"k","_rev":"_b"}"#,
            r#"{"_id":"c/k","_key":"k","_rev":""}"#,
            r#"{"_id":"c/k","_key":"k"}"#,
            r#"{"_id":"c/k","_key":"k","_rev":"_b"#,
            r#"{"_id":"c/k","_key":"k","_rev":7}"#,
        ] {
            assert!(WrittenAttributes::read(text.as_bytes(), None).is_none(), "{text}");
        }
    }

    #[test]
    fn an_id_that_the_request_has_named_is_read_without_memory() {
        let books = CollectionName::new("books").unwrap();
        let (key, other) = (Key::generate_in(&books, 1, [7; 10]), Key::generate_in(&books, 2, [7; 10]));
        let text = format!(r#"{{"_id":"books/{key}","_key":"{key}","_rev":"_b"}}"#);
        let read = |key: Option<&Key>| WrittenAttributes::read(text.as_bytes(), key).unwrap().id;
        assert_eq!(read(Some(&key)).key().as_ptr(), key.as_str().as_ptr());
        for unknown in [None, Some(&other), Some(&Key::new(key.as_str()).unwrap())] {
            assert_eq!(read(unknown), read(Some(&key)));
        }
        let longer = text.replace(key.as_str(), &format!("{key}x"));
        assert!(WrittenAttributes::read(longer.as_bytes(), Some(&key)).is_none(), "it is left to a parser");
    }

    proptest! {
        #[test]
        fn a_parser_reads_the_same_names(
            collection in "[a-z_\\\\\"é \u{1}-]{1,6}",
            key in "[a-z'%\\\\\"]{1,6}",
            revision in "[_a-zA-Z-]{0,5}",
            old in prop::option::of("[_a \\\\-]{0,3}"),
        ) {
            let (id, key) = (json!(format!("{collection}/{key}")), json!(key));
            let old = old.map_or_else(String::new, |old| format!(r#","_oldRev":{}"#, json!(old)));
            let text = format!(r#"{{"_id":{id},"_key":{key},"_rev":"{revision}"{old}}}"#);
            if let Some(names) = WrittenAttributes::read(text.as_bytes(), None) {
                let parsed: Written = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&names.id.shared_key(), &parsed.key);
                prop_assert_eq!((names.id, names.revision, names.old_revision), {
                    (parsed.id, parsed.revision, parsed.old_revision)
                });
            } else {
                let has_escape = text.contains('\\');
                let is_refused = serde_json::from_str::<Written>(&text).is_err();
                prop_assert!(has_escape || is_refused, "{}", text);
            }
        }
    }
}
