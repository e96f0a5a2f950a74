//! `vpackSortMigration`: always found in order, on every DB-Server.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Answer, Call};
use crate::http::reply::{Refusal, Reply};
use crate::state::servers::Server;

pub(super) fn answer(call: &Call<'_>, step: &str) -> Answer {
    if !call.caller.is_superuser() {
        return Err(Refusal::forbidden("only superusers may run vpack index migration"));
    }
    let result = match (&call.request.method, step) {
        (&Method::GET, "check") => {
            json!({ "affected": [], "error": false, "errorCode": 0, "errorMessage": "all good with sorting order" })
        }
        (&Method::GET, "status") => json!({ "next": "CORRECT", "current": "CORRECT" }),
        (&Method::PUT, "migrate") => {
            json!({ "error": false, "errorCode": 0, "errorMessage": "VPack sorting migration done." })
        }
        _ => return Err(Refusal::wrong_method()),
    };
    let body = json!({ "error": false, "code": 200, "result": result });
    let by_server: Map<String, Value> =
        call.state.db_servers.iter().map(|server| (server.id.clone(), of(server, &body))).collect();
    Ok(Reply::result(200, by_server))
}

/// The outer answer is a good one whatever single servers say.
fn of(server: &Server, body: &Value) -> Value {
    if server.is_up() {
        return body.clone();
    }
    let Refusal { error_num, message, .. } = Refusal::no_backend();
    json!({ "error": true, "errorMessage": message, "errorCode": error_num })
}
