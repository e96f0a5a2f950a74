//! `/_api/document`: single documents. Arrays of documents are not simulated.

use http::{HeaderName, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::collections::{find, find_mut};
use super::modelled::{Modelled, TRANSACTION};
use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::databases::Collection;

/// The characters that need no encoding in a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn modelled(call: &Call<'_>) -> Modelled {
    match call.request.method {
        Method::GET | Method::HEAD => Modelled::NOTHING.headers(&["if-match", "if-none-match", TRANSACTION]),
        Method::POST => Modelled::parameters(&[
            "overwrite",
            "overwriteMode",
            "returnNew",
            "returnOld",
            "silent",
            "waitForSync",
        ])
        .headers(&[TRANSACTION]),
        _ => Modelled::parameters(&["returnNew", "returnOld", "silent", "waitForSync"])
            .headers(&["if-match", TRANSACTION]),
    }
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&modelled(call))?;
    call.require_no_transaction()?;
    match (call.request.method.clone(), rest) {
        (Method::GET | Method::HEAD, [collection, key]) => read(call, collection, key),
        (Method::POST, [collection]) => {
            let body = writable_body(call)?;
            insert(call, collection, body)
        }
        (Method::PUT, [collection, key]) => {
            let body = writable_body(call)?;
            write(call, collection, key, |_| body)
        }
        (Method::PATCH, [collection, key]) => {
            let body = writable_body(call)?;
            write(call, collection, key, |mut old| {
                merge(&mut old, body);
                old
            })
        }
        (Method::DELETE, [collection, key]) => remove(call, collection, key),
        (Method::GET | Method::HEAD, [] | [_]) => {
            Err(ApiError::collection_not_found(rest.first().unwrap_or(&"")))
        }
        (_, [_] | [_, _]) => Err(call.unsupported()),
        _ => Err(ApiError::new(400, 601, "expecting /_api/document/<collection>/<key>")),
    }
}

/// Returns the body, if the caller may write.
fn writable_body(call: &mut Call<'_>) -> Result<Map<String, Value>, ApiError> {
    call.require_write()?;
    match call.request.json()? {
        Value::Object(body) => Ok(body),
        Value::Array(_) => Err(call.unsupported()),
        _ => Err(ApiError::new(400, 1227, "invalid document type")),
    }
}

/// Returns the collection, if the leader of this document's shard responds.
fn reachable_collection<'a>(
    call: &'a Call<'_>,
    collection: &str,
    key: &str,
) -> Result<&'a Collection, ApiError> {
    let found = find(call, collection)?;
    let is_reachable = call.state.has_leader(call.database()?, found, key);
    if is_reachable { Ok(found) } else { Err(ApiError::no_backend()) }
}

fn not_found() -> ApiError {
    ApiError::new(404, 1202, "document not found")
}

fn read(call: &Call<'_>, collection: &str, key: &str) -> HandlerResult {
    let document = reachable_collection(call, collection, key)?.documents.get(key).ok_or_else(not_found)?;
    let revision = revision_of(document);
    if revision_header(call, "if-none-match").is_some_and(|tag| tag == revision) {
        return Ok(Reply::empty(304).with_etag(&revision));
    }
    if let Some(refused) = precondition(call, document) {
        return Ok(refused);
    }
    Ok(Reply::raw(200, document).with_etag(&revision))
}

/// Inserts a document, or returns an error.
pub(super) fn insert(call: &mut Call<'_>, collection: &str, mut body: Map<String, Value>) -> HandlerResult {
    find(call, collection)?;
    let key = match body.get("_key") {
        None => None,
        Some(Value::String(key)) if is_key(key) => Some(key.clone()),
        Some(_) => return Err(ApiError::new(400, 1221, "illegal document key")),
    };
    let is_new = key.is_none();
    let key = key.unwrap_or_else(|| call.state.ids.next().to_string());
    let found = reachable_collection(call, collection, &key)?;
    let old = found.documents.get(&key).filter(|_| !is_new).cloned();
    let mode = call.request.query.get("overwriteMode");
    let mode = mode.or_else(|| call.request.query.is_true("overwrite").then_some("replace"));
    match (&old, mode) {
        (Some(old), Some("ignore")) => {
            let revision = revision_of(old);
            return Ok(Reply::raw(202, &document_ids(&found.name, &key, &revision)));
        }
        (Some(Value::Object(old)), Some("update")) => {
            let mut merged = old.clone();
            merge(&mut merged, body);
            body = merged;
        }
        (Some(_), Some("replace")) | (None, _) => {}
        (Some(_), _) => {
            let text = format!(
                "unique constraint violated - in index primary of type primary over '_key'; conflicting key: {key}"
            );
            return Err(ApiError::new(409, 1210, text));
        }
    }
    Ok(store(call, collection, &key, body, old)?
        .with_header(header::LOCATION, &location(call, collection, &key)))
}

fn write(
    call: &mut Call<'_>,
    collection: &str,
    key: &str,
    new: impl FnOnce(Map<String, Value>) -> Map<String, Value>,
) -> HandlerResult {
    let old =
        reachable_collection(call, collection, key)?.documents.get(key).cloned().ok_or_else(not_found)?;
    if let Some(refused) = precondition(call, &old) {
        return Ok(refused);
    }
    let body = new(old.as_object().cloned().unwrap_or_default());
    store(call, collection, key, body, Some(old))
}

/// Stores a document with its three system attributes.
fn store(
    call: &mut Call<'_>,
    collection: &str,
    key: &str,
    body: Map<String, Value>,
    old: Option<Value>,
) -> HandlerResult {
    let revision = call.state.ids.revision();
    let waits = call.request.query.is_true("waitForSync");
    let found = find_mut(call, collection)?;
    let mut result = document_ids(&found.name, key, &revision);
    let mut document = body;
    document.extend(result.as_object().cloned().unwrap_or_default());
    let document = Value::Object(document);
    let status = status(found, waits, 201);
    found.documents.insert(key.to_owned(), document.clone());
    let query = &call.request.query;
    if let Some(old) = old {
        result["_oldRev"] = revision_of(&old).into();
        if query.is_true("returnOld") {
            result["old"] = old;
        }
    }
    if query.is_true("returnNew") {
        result["new"] = document;
    }
    if query.is_true("silent") {
        return Ok(Reply::raw(status, &json!({})));
    }
    Ok(Reply::raw(status, &result).with_etag(&revision))
}

fn remove(call: &mut Call<'_>, collection: &str, key: &str) -> HandlerResult {
    call.require_write()?;
    let old =
        reachable_collection(call, collection, key)?.documents.get(key).cloned().ok_or_else(not_found)?;
    if let Some(refused) = precondition(call, &old) {
        return Ok(refused);
    }
    let waits = call.request.query.is_true("waitForSync");
    let found = find_mut(call, collection)?;
    found.documents.remove(key);
    let revision = revision_of(&old);
    let mut result = document_ids(&found.name, key, &revision);
    let status = status(found, waits, 200);
    if call.request.query.is_true("returnOld") {
        result["old"] = old;
    }
    if call.request.query.is_true("silent") {
        result = json!({});
    }
    Ok(Reply::raw(status, &result).with_etag(&revision))
}

/// Returns the success status. It is `synced` if the write waited for the disk, else 202.
fn status(collection: &Collection, waits: bool, synced: u16) -> u16 {
    if waits || collection.wait_for_sync { synced } else { 202 }
}

fn precondition(call: &Call<'_>, document: &Value) -> Option<Reply> {
    let (wanted, revision) = (revision_header(call, "if-match")?, revision_of(document));
    if wanted == revision {
        return None;
    }
    let refusal = json!({
        "error": true, "code": 412, "errorNum": 1200, "errorMessage": "conflict, _rev values do not match",
        "_id": document["_id"], "_key": document["_key"], "_rev": revision,
    });
    Some(Reply::raw(412, &refusal).with_etag(&revision))
}

/// Returns a revision in a header, with or without quotes.
fn revision_header(call: &Call<'_>, name: &str) -> Option<String> {
    let name = HeaderName::try_from(name).ok()?;
    let value = call.request.headers.get(name)?.to_str().ok()?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

fn document_ids(collection: &str, key: &str, revision: &str) -> Value {
    json!({ "_id": format!("{collection}/{key}"), "_key": key, "_rev": revision })
}

fn revision_of(document: &Value) -> String {
    document["_rev"].as_str().unwrap_or_default().to_owned()
}

fn location(call: &Call<'_>, collection: &str, key: &str) -> String {
    let encode = |text| utf8_percent_encode(text, UNRESERVED);
    format!("/_db/{}/_api/document/{}/{}", encode(&call.request.database), encode(collection), encode(key))
}

fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.@()+,=;$!*'%".contains(&byte);
    (1..=254).contains(&key.len()) && key.bytes().all(allowed)
}

/// Merges a patch into a document. Null is a value like others.
fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(patch)) => merge(into, patch),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
