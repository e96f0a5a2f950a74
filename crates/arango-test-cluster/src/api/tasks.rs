//! `/_api/tasks`: there are none, since a task runs JavaScript.

use http::Method;
use serde_json::json;

use super::{Call, HandlerResult};
use crate::http::reply::{ApiError, Reply};

/// Handles `/_api/tasks`. To create a task is not modelled.
pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    let superfluous =
        |expected: &str| ApiError::new(400, 601, format!("bad parameter, expecting {expected}"));
    match (call.request.method.clone(), rest) {
        (Method::GET, []) => Ok(Reply::raw(200, &json!([]))),
        (Method::GET | Method::DELETE, [_]) => {
            if call.request.method == Method::DELETE {
                call.require_write()?;
            }
            Err(ApiError::new(404, 1852, "task not found"))
        }
        (Method::GET, _) => Err(superfluous("/_api/tasks[/<id>]")),
        (Method::DELETE, _) => Err(superfluous("/_api/tasks/<id>")),
        (Method::POST | Method::PUT, _) => Err(call.unsupported()),
        _ => Err(ApiError::wrong_method()),
    }
}
