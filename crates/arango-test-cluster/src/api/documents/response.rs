//! The object that a response has for each written document.

use arango_test_aql::Value;

use super::options::WriteRequest;
use crate::http::json;
use crate::store::document::Document;
use crate::store::error::DocumentError;
use crate::store::write::WrittenDocument;

/// Appends what a response says about a written document.
pub(super) fn write_result(
    out: &mut Vec<u8>,
    collection: &str,
    written: &WrittenDocument,
    request: &WriteRequest,
) {
    let WrittenDocument { old, new, .. } = written;
    out.push(b'{');
    write_ids_and_revisions(out, collection, written);
    let mut write_document = |name: &str, document: &Document| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(document.json());
    };
    let is_ignored = new.is_none() && request.operation == super::Operation::Insert;
    if let Some(old) = old.as_ref().filter(|_| request.returned.old && !is_ignored) {
        write_document(",\"old\":", old);
    }
    if let Some(new) = new.as_ref().filter(|_| request.returned.new) {
        write_document(",\"new\":", new);
    }
    out.push(b'}');
}

/// Appends an error as an element of an array.
///
/// It never names the document: clients tell documents from errors by `_id`.
pub(super) fn write_error(out: &mut Vec<u8>, error: &DocumentError) {
    out.extend_from_slice(format!("{{\"error\":true,\"errorNum\":{}", error.number).as_bytes());
    write_text(out, ",\"errorMessage\":", &error.message);
    out.push(b'}');
}

/// Appends the ids of a written document and its revisions, without braces.
pub(in crate::api) fn write_ids_and_revisions(
    out: &mut Vec<u8>,
    collection: &str,
    written: &WrittenDocument,
) {
    let WrittenDocument { key, old, new } = written;
    let revision = new.as_ref().or(old.as_ref()).map(|document| document.revision().text());
    write_text(out, "\"_id\":", &format!("{collection}/{key}"));
    write_text(out, ",\"_key\":", key);
    write_text(out, ",\"_rev\":", &revision.unwrap_or_default());
    // One that was ignored or removed has its only revision above.
    if let (Some(old), Some(_)) = (old, new) {
        write_text(out, ",\"_oldRev\":", &old.revision().text());
    }
}

fn write_text(out: &mut Vec<u8>, name: &str, text: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&json::from_value(&Value::from(text)));
}
