//! Operations on arrays. Each element succeeds or fails independently of the others.

use std::collections::BTreeMap;

use arango_test_aql::Value;
use http::HeaderName;
use serde_json::json;

use super::options::{Operation, WriteRequest};
use super::response::{write_error, write_result};
use super::single::apply;
use crate::api::collections::find;
use crate::api::{Call, HandlerResult};
use crate::http::json;
use crate::http::reply::{ApiError, Reply};
use crate::store::error::DocumentError;
use crate::store::keys::is_key;
use crate::store::view::CollectionView;
use crate::store::write::{DocumentOptions, WrittenDocument};

const ERROR_CODES: HeaderName = HeaderName::from_static("x-arango-error-codes");

/// Reads the documents that the body lists, by key or by object.
pub(super) fn read(call: &Call<'_>, collection: &str) -> HandlerResult {
    let body: Value = json::parse_value(&call.request.body)?;
    let elements = body.as_array().ok_or_else(|| ApiError::new(400, 1227, "invalid document type"))?;
    let accepts_none = call.version.at_least(3, 11, 1)
        || (call.version.at_least(3, 10, 9) && !call.version.at_least(3, 11, 0));
    if elements.is_empty() && !accepts_none {
        return Err(ApiError::new(500, 4, "internal error"));
    }
    let view = call.view(collection)?;
    let compares = !call.request.query.flag("ignoreRevs", true);
    let mut out = vec![b'['];
    let mut lost = 0;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut options = DocumentOptions::default();
        options.common.revision = element.attribute("_rev").as_str().filter(|_| compares).map(str::to_owned);
        let key = key_of(element, &view.rules().collection);
        let found = key.and_then(|key| view.existing(&key, &options));
        match found {
            Ok(document) => out.extend_from_slice(document.json()),
            Err(error) if is_lost(&error) => {
                lost += 1;
                out.extend_from_slice(LOST_ELEMENT);
            }
            Err(error) => write_error(&mut out, &error),
        }
    }
    out.push(b']');
    require_a_response(lost, elements.len())?;
    Ok(Reply::json(200, out))
}

/// Writes the elements one after the other.
pub(super) fn write(
    call: &mut Call<'_>,
    collection: &str,
    elements: &[Value],
    request: &WriteRequest,
) -> HandlerResult {
    let collection_waits = call.waits_for_sync(collection)?;
    if request.operation == Operation::Insert {
        require_legal_keys(call, elements.iter())?;
    }
    if request.operation == Operation::Replace {
        let view = call.view(collection)?;
        elements.iter().try_for_each(|element| view.require_shard_keys(element))?;
    }
    let results: Vec<_> = elements
        .iter()
        .map(|element| write_element(call, collection, element, request))
        .collect::<Result<_, _>>()?;
    let name = find(call, collection)?.name.clone();
    let errors = || results.iter().filter_map(|result| result.as_ref().err());
    require_a_response(errors().filter(|error| is_lost(error)).count(), results.len())?;
    // A collection waits only for what was written.
    let waits =
        request.options.common.wait_for_sync || (collection_waits && results.iter().any(Result::is_ok));
    let synced = if request.operation == Operation::Remove { 200 } else { 201 };
    let reply = Reply::json(if waits { synced } else { 202 }, body(&results, &name, request));
    let mut counts = BTreeMap::new();
    for error in errors().filter(|error| !is_lost(error)) {
        *counts.entry(error.number.to_string()).or_insert(0_u32) += 1;
    }
    Ok(if counts.is_empty() { reply } else { reply.with_header(ERROR_CODES, &json!(counts).to_string()) })
}

/// Refuses a request with an illegal key, in versions in which it fails as a whole and nothing is written.
pub(in crate::api) fn require_legal_keys<'v>(
    call: &Call<'_>,
    mut elements: impl Iterator<Item = &'v Value>,
) -> Result<(), ApiError> {
    let is_illegal = |element: &Value| {
        let given = element.as_object().and_then(|document| document.get("_key"));
        given.is_some_and(|key| !key.as_str().is_some_and(is_key))
    };
    if !call.version.at_least(3, 11, 1) && elements.any(is_illegal) {
        return Err(ApiError::new(400, 1221, "illegal document key"));
    }
    Ok(())
}

type ElementResult = Result<WrittenDocument, DocumentError>;

fn write_element(
    call: &mut Call<'_>,
    collection: &str,
    element: &Value,
    request: &WriteRequest,
) -> Result<ElementResult, ApiError> {
    call.write(collection, |view| apply_element(view, element, request))
}

fn apply_element(view: &mut CollectionView, element: &Value, request: &WriteRequest) -> ElementResult {
    let options = request.options_for(element);
    if request.operation == Operation::Insert {
        return apply(view, None, element, request.operation, &options);
    }
    let key = match request.operation {
        Operation::Remove => key_of(element, &view.rules().collection),
        _ => key_within(element),
    };
    apply(view, Some(&key?), element, request.operation, &options)
}

/// Writes the array of the response. A silent request gets errors only.
fn body(results: &[ElementResult], collection: &str, request: &WriteRequest) -> Vec<u8> {
    let has_errors = results.iter().any(Result::is_err);
    if request.is_silent && !has_errors {
        return b"{}".to_vec();
    }
    let shown = results.iter().filter(|result| !request.is_silent || result.is_err());
    let mut out = vec![b'['];
    for (index, result) in shown.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match result {
            Ok(written) => write_result(&mut out, collection, written, request),
            Err(error) if is_lost(error) => out.extend_from_slice(LOST_ELEMENT),
            Err(error) => write_error(&mut out, error),
        }
    }
    out.push(b']');
    out
}

/// An element whose shard has not responded: it has no message, and the header does not count it.
const LOST_ELEMENT: &[u8] = br#"{"error":true,"errorNum":1478}"#;

/// Returns whether the shard of an element has not responded.
fn is_lost(error: &DocumentError) -> bool {
    error.number == 1478
}

/// Fails if no shard has responded. Otherwise the elements of the others have results.
fn require_a_response(lost: usize, elements: usize) -> Result<(), ApiError> {
    if lost > 0 && lost == elements { Err(ApiError::new(500, 4, "internal error")) } else { Ok(()) }
}

/// Returns the key in an element that is a key, an id or an object.
pub(super) fn key_of(element: &Value, collection: &str) -> Result<String, DocumentError> {
    match element.as_str() {
        Some(text) => {
            let key = text.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text);
            if key.is_empty() || key.contains('/') { Err(bad_id()) } else { Ok(key.to_owned()) }
        }
        None => element.attribute("_key").as_str().map(str::to_owned).ok_or_else(bad_id),
    }
}

fn bad_id() -> DocumentError {
    DocumentError::new(1205, "illegal document identifier")
}

fn key_within(element: &Value) -> Result<String, DocumentError> {
    if element.as_object().is_none() {
        return Err(DocumentError::new(1227, "invalid document type"));
    }
    let missing = || DocumentError::new(1226, "missing document key");
    element.attribute("_key").as_str().map(str::to_owned).ok_or_else(missing)
}
