//! `/_admin/server/api-calls`, `/_admin/server/aql-queries`, `/_admin/crashes`: what a server has written down.

use http::Method;
use serde_json::json;

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};

pub(super) fn api_calls(call: &Call<'_>) -> Answer {
    allowed(call)?;
    let calls = call.me().records.calls.iter().map(|one| {
        json!({
            "timeStamp": call.state.clock.timestamp(one.at), "requestType": one.method.as_str(), "path": one.path,
            "database": one.database,
        })
    });
    Ok(Reply::result(200, json!({ "calls": calls.collect::<Vec<_>>() })))
}

pub(super) fn aql_queries(call: &Call<'_>) -> Answer {
    allowed(call)?;
    let queries = call.me().records.queries.iter().map(|one| {
        json!({
            "timeStamp": call.state.clock.timestamp(one.at), "query": one.text, "bindVars": one.bind_vars,
            "database": one.database,
        })
    });
    Ok(Reply::result(200, json!({ "queries": queries.collect::<Vec<_>>() })))
}

/// A coordinator that is killed writes nothing down: there is only what a test has left there.
pub(super) fn crashes(call: &mut Call<'_>, rest: &[&str]) -> Answer {
    if !call.is_admin() {
        return Err(Refusal::forbidden("insufficient permissions"));
    }
    let method = call.request.method.clone();
    let crashes = &mut call.me_mut().crashes;
    let none = |id: &str| Refusal::new(404, 404, format!("crash '{id}' not found"));
    match (method, rest) {
        (Method::GET, []) => Ok(Reply::result(200, crashes.ids())),
        (Method::GET, [id]) => {
            let files = crashes.files(id).ok_or_else(|| none(id))?;
            // UNVERIFIED: the names in it.
            Ok(Reply::result(200, json!({ "crashId": id, "files": files })))
        }
        (Method::DELETE, [id]) => {
            // UNVERIFIED: what it says of the one that is gone.
            let gone = crashes.forget(id);
            let done = Reply::result(200, json!({ "deleted": true, "crashId": id }));
            if gone { Ok(done) } else { Err(none(id)) }
        }
        (_, [] | [_]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::unknown_path(&call.request.path)),
    }
}

fn allowed(call: &Call<'_>) -> Result<(), Refusal> {
    call.only(&Method::GET)?;
    if call.is_admin() { Ok(()) } else { Err(Refusal::forbidden("insufficient permissions")) }
}
