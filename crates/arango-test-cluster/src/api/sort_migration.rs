//! `vpackSortMigration`: every DB-Server reports that its sort order is correct.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};
use crate::state::servers::Server;

pub(super) fn handle(call: &Call<'_>, step: &str) -> HandlerResult {
    if !call.caller.is_superuser() {
        return Err(ApiError::forbidden("only superusers may run vpack index migration"));
    }
    let result = match (&call.request.method, step) {
        (&Method::GET, "check") => {
            json!({ "affected": [], "error": false, "errorCode": 0, "errorMessage": "all good with sorting order" })
        }
        (&Method::GET, "status") => json!({ "next": "CORRECT", "current": "CORRECT" }),
        (&Method::PUT, "migrate") => {
            json!({ "error": false, "errorCode": 0, "errorMessage": "VPack sorting migration done." })
        }
        _ => return Err(ApiError::wrong_method()),
    };
    let body = json!({ "error": false, "code": 200, "result": result });
    let by_server: Map<String, Value> = call
        .state
        .db_servers
        .iter()
        .map(|server| (server.id.clone(), server_result(server, &body)))
        .collect();
    Ok(Reply::result(200, by_server))
}

/// Returns one server's result. The outer response is a success, whatever the servers' results.
fn server_result(server: &Server, body: &Value) -> Value {
    if server.is_up() {
        return body.clone();
    }
    let ApiError { error_num, message, .. } = ApiError::no_backend();
    json!({ "error": true, "errorMessage": message, "errorCode": error_num })
}
