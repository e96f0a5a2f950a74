//! Paths without a handler here: those that a server has too, and those that it does not have.

use http::header;

use super::{Call, HandlerResult};
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply};

/// Responds to a path that no handler here has.
pub(super) fn respond(call: &mut Call<'_>, parts: &[&str]) -> HandlerResult {
    let is_there = match parts {
        ["_api", name, ..] => has_api(call.version, name),
        ["_admin", name, ..] => has_admin(call.version, name),
        _ => false,
    };
    if is_there { Err(call.unsupported()) } else { no_handler(call) }
}

/// The response to a path that the server does not have.
///
/// Up to 3.12 an action handler is mounted at `/` and responds to whatever is left. In 4.0 there is none: the response
/// has no body, and the connection is closed.
pub(super) fn no_handler(call: &Call<'_>) -> HandlerResult {
    if call.version.is_4() {
        return Ok(Reply::empty(404).with_header(header::CONNECTION, "Close"));
    }
    Err(ApiError::unknown_path(&call.request.path))
}

/// Returns whether a route is exact. With a slash behind it there is no such path; all others ignore the slash.
pub(super) fn is_exact(parts: &[&str]) -> bool {
    match parts {
        ["_api", "version"] => true,
        ["_admin", name] => matches!(
            *name,
            "actions"
                | "compact"
                | "execute"
                | "options"
                | "options-description"
                | "statistics"
                | "statistics-description"
                | "status"
                | "support-info"
                | "time"
                | "version"
        ),
        _ => false,
    }
}

fn has_api(version: &Version, name: &str) -> bool {
    match name {
        "aql-builtin" | "dump" | "replication" | "ttl" | "wal" => true,
        "endpoint" | "foxx" | "simple" => !version.is_4(),
        "batch" => !version.at_least(3, 12, 3),
        "control_pregel" | "pregel" | "traversal" => !version.at_least(3, 12, 0),
        "key-generators" => version.at_least(3, 12, 0),
        "query-plan-cache" => version.at_least(3, 12, 4),
        // Paths of handlers here, with more segments than these know.
        "collection" | "cursor" | "database" | "document" | "engine" | "explain" | "gharial" | "index"
        | "query" | "user" | "version" => true,
        _ => false,
    }
}

fn has_admin(version: &Version, name: &str) -> bool {
    match name {
        "aardvark"
        | "async-registry"
        | "auth"
        | "backup"
        | "cluster"
        | "compact"
        | "database"
        | "debug"
        | "license"
        | "log"
        | "metrics"
        | "options"
        | "options-description"
        | "server"
        | "shutdown"
        | "status"
        | "support-info"
        | "time" => true,
        "actions" | "wal" | "work-monitor" => !version.is_4(),
        "options-public" => version.at_least(3, 12, 8),
        _ => false,
    }
}
