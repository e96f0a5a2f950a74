//! `/_admin/server/api-calls`, `/_admin/server/aql-queries`, `/_admin/crashes`: a server's records about itself.

use http::Method;
use serde_json::json;

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

pub(super) fn api_calls(call: &Call<'_>) -> HandlerResult {
    allowed(call)?;
    let calls = call.server().diagnostics.calls.iter().map(|one| {
        json!({
            "timeStamp": call.state.clock.timestamp(one.at), "requestType": one.method.as_str(), "path": one.path,
            "database": one.database,
        })
    });
    Ok(Reply::result(200, json!({ "calls": calls.collect::<Vec<_>>() })))
}

pub(super) fn aql_queries(call: &Call<'_>) -> HandlerResult {
    allowed(call)?;
    let queries = call.server().diagnostics.queries.iter().map(|one| {
        json!({
            "timeStamp": call.state.clock.timestamp(one.at), "query": one.text, "bindVars": one.bind_vars,
            "database": one.database,
        })
    });
    Ok(Reply::result(200, json!({ "queries": queries.collect::<Vec<_>>() })))
}

/// Lists crash reports. A killed coordinator writes none, so there are only those that a test has added.
pub(super) fn crashes(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    if !call.is_admin() {
        return Err(ApiError::forbidden("insufficient permissions"));
    }
    let method = call.request.method.clone();
    let crashes = &mut call.server_mut().crashes;
    let not_found = |id: &str| ApiError::new(404, 404, format!("crash '{id}' not found"));
    match (method, rest) {
        (Method::GET, []) => Ok(Reply::result(200, crashes.ids())),
        (Method::GET, [id]) => {
            let files = crashes.files(id).ok_or_else(|| not_found(id))?;
            Ok(Reply::result(200, json!({ "crashId": id, "files": files })))
        }
        (Method::DELETE, [id]) => {
            let was_removed = crashes.remove(id);
            let done = Reply::result(200, json!({ "deleted": true, "crashId": id }));
            if was_removed { Ok(done) } else { Err(not_found(id)) }
        }
        (_, [] | [_]) => Err(ApiError::wrong_method()),
        _ => Err(ApiError::unknown_path(&call.request.path)),
    }
}

fn allowed(call: &Call<'_>) -> Result<(), ApiError> {
    call.require_method(&Method::GET)?;
    if call.is_admin() { Ok(()) } else { Err(ApiError::forbidden("insufficient permissions")) }
}
