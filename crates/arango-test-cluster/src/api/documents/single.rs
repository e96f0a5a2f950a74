//! Operations on one document.

use arango_test_aql::Value;
use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::options::{Operation, WriteRequest, revision_header};
use super::response::write_result;
use crate::api::collections::find;
use crate::api::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;
use crate::store::write::{DocumentOptions, WrittenDocument};

/// The characters that need no encoding in a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn read(call: &Call<'_>, collection: &str, key: &str) -> HandlerResult {
    let view = call.view(collection)?;
    let document = view.get(key)?.ok_or_else(DocumentError::not_found)?;
    let revision = document.revision().text();
    if revision_header(call, "if-none-match").is_some_and(|tag| tag == revision) {
        return Ok(Reply::empty(304).with_etag(&revision));
    }
    if revision_header(call, "if-match").is_some_and(|tag| tag != revision) {
        let error = DocumentError::revision_mismatch(document.revision());
        return Ok(failure(&view.rules().collection, Some(key), error));
    }
    Ok(Reply::json(200, document.json().to_vec()).with_etag(&revision))
}

/// Writes a document. Its key is in the path, or within the body.
pub(super) fn write(
    call: &mut Call<'_>,
    collection: &str,
    key: Option<&str>,
    body: &Value,
    request: &WriteRequest,
) -> HandlerResult {
    let mut options = request.options_for(body);
    if let Some(revision) = revision_header(call, "if-match") {
        options.common.revision = Some(revision);
    }
    let found = find(call, collection)?;
    let name = found.name.clone();
    let waits = options.common.wait_for_sync || found.wait_for_sync;
    let key = match (key, request.operation) {
        (Some(key), _) => Some(key.to_owned()),
        (None, Operation::Insert) => None,
        (None, _) => Some(super::many::key_of(body, collection)?),
    };
    let written =
        call.write(collection, |view| apply(view, key.as_deref(), body, request.operation, &options))?;
    let written = match written {
        Ok(written) => written,
        Err(error) => return Ok(failure(&name, key.as_deref(), error)),
    };
    let synced = if request.operation == Operation::Remove { 200 } else { 201 };
    let status = if waits { synced } else { 202 };
    if request.is_silent {
        return Ok(Reply::raw(status, &json!({})));
    }
    let mut result = Vec::new();
    write_result(&mut result, &name, &written, request);
    let document = written.new.as_ref().or(written.old.as_ref());
    let revision = document.map(|document| document.revision().text()).unwrap_or_default();
    let reply = Reply::json(status, result).with_etag(&revision);
    Ok(reply.with_header(header::LOCATION, &location(call, &name, &written.key)))
}

/// Applies an operation to a view. Only an insert needs no key.
pub(in crate::api) fn apply(
    view: &mut CollectionView,
    key: Option<&str>,
    body: &Value,
    operation: Operation,
    options: &DocumentOptions,
) -> Result<WrittenDocument, DocumentError> {
    let key = key.unwrap_or_default();
    if operation == Operation::Replace {
        view.require_shard_keys(body)?;
    }
    if operation != Operation::Insert {
        view.require_shard_of(key, body)?;
    }
    match operation {
        Operation::Insert => view.insert(body, options),
        Operation::Update => view.update(key, body, options),
        Operation::Replace => view.replace(key, body, options),
        Operation::Remove => view.remove(key, options),
    }
}

/// Builds the reply to an operation that failed. A precondition that does not hold names the current revision.
pub(in crate::api) fn failure(collection: &str, key: Option<&str>, error: DocumentError) -> Reply {
    let (Some(current), Some(key)) = (error.current, key) else { return ApiError::from(error).into() };
    let revision = current.text();
    let body = json!({
        "error": true, "code": 412, "errorNum": error.number, "errorMessage": error.message,
        "_id": format!("{collection}/{key}"), "_key": key, "_rev": revision,
    });
    Reply::raw(412, &body).with_etag(&revision)
}

fn location(call: &Call<'_>, collection: &str, key: &str) -> String {
    debug_assert_ne!(call.request.method, Method::GET, "reads have no location");
    let encode = |text| utf8_percent_encode(text, UNRESERVED);
    format!("/_db/{}/_api/document/{}/{}", encode(&call.request.database), encode(collection), encode(key))
}
