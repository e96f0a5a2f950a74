//! Information about a server: version, engine, status, time, licence.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Call, HandlerResult};
use crate::config::clock::timestamp;
use crate::config::version::Version;
use crate::http::reply::{ApiError, Reply, number};
use crate::state::State;

/// `/_api/version`; no envelope.
pub(super) fn version(call: &Call<'_>) -> HandlerResult {
    get_only_in_4(call)?;
    let mut document = version_document(call.version);
    let sees_all = call.require_admin_if_hardened().is_ok();
    if let Some(document) = document.as_object_mut().filter(|_| !sees_all) {
        document.remove("version");
    }
    if call.request.query.is_true("details") && sees_all {
        let mut details = json!({
            "architecture": "64bit", "build-date": "2025-06-01 00:00:00", "build-repository": "test-cluster",
            "endianness": "little", "fd-setsize": "1024", "optimized": "true",
            "debug": "false", "maintainer-mode": "false", "rocksdb-version": "7.2.0", "sizeof int": "4", "sizeof void*": "8",
            "server-version": call.version.text(), "role": "COORDINATOR", "host": call.state.host,
        });
        if !call.version.is_4() {
            details["mode"] = "server".into();
        }
        document["details"] = details;
    }
    Ok(Reply::raw(200, &document))
}

pub(super) fn version_document(version: &Version) -> Value {
    let mut document = json!({ "server": "arango", "license": "enterprise", "version": version.text() });
    if version.has_api_versions() {
        let api = if version.is_4() { "v1" } else { "v0" };
        document["apiVersions"] = if version.is_4() { json!(["v1"]) } else { json!(["v1", "v0"]) };
        document["deprecatedApiVersions"] = json!([]);
        document["requestedApiVersion"] = api.into();
    }
    document
}

/// `/_api/engine`
pub(super) fn engine(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    Ok(Reply::raw(200, &engine_document(call.version, false)))
}

/// Returns the engine's description. DB-Servers also report their byte order.
pub(super) fn engine_document(version: &Version, is_db_server: bool) -> Value {
    let mut indexes = vec!["primary", "edge"];
    if !version.is_4() {
        indexes.extend(["hash", "skiplist"]);
    }
    indexes.extend(["ttl", "persistent", "geo"]);
    if !version.is_4() {
        indexes.push("fulltext");
    }
    indexes.push("inverted");
    if version.at_least(3, 12, 0) {
        indexes.extend(["mdi", "mdi-prefixed"]);
    }
    let mut supports = json!({ "indexes": indexes });
    if !version.is_4() {
        let mut aliases = json!({ "skiplist": "persistent", "hash": "persistent" });
        if version.at_least(3, 12, 0) {
            aliases["zkd"] = "mdi".into();
        }
        supports["aliases"] = json!({ "indexes": aliases });
    }
    if !version.at_least(3, 12, 0) {
        supports["dfdb"] = false.into();
    }
    let mut engine = json!({ "name": "rocksdb", "supports": supports });
    if is_db_server && version.at_least(3, 12, 0) {
        engine["endianness"] = "little".into();
    }
    engine
}

/// `/_admin/status`
pub(super) fn status(call: &Call<'_>) -> HandlerResult {
    get_only_in_4(call)?;
    call.require_admin_if_hardened()?;
    let (server, version) = (call.server(), call.version.text());
    if call.request.query.is_true("overview") {
        let overview = json!({
            "version": version, "platform": "linux", "license": "enterprise", "engine": "rocksdb",
            "role": "COORDINATOR", "hash": "dGVzdC1jbHVzdGVy",
        });
        return Ok(Reply::raw(200, &overview));
    }
    if call.request.query.is_true("memory") {
        return Err(ApiError::new(501, 9, "not implemented in release builds"));
    }
    let agents: Vec<_> = call.state.agents.iter().map(|agent| &agent.endpoint).collect();
    let mut status = json!({
        "server": "arango", "license": "enterprise", "version": version, "pid": std::process::id(),
        "host": call.state.host, "hostname": "localhost",
        "serverInfo": {
            "progress": { "phase": "in wait", "feature": "", "recoveryTick": 0 },
            "maintenance": false, "role": "COORDINATOR", "readOnly": call.state.read_only,
            "persistedId": server.id, "rebootId": server.reboot_id, "address": server.endpoint, "serverId": server.id,
            "state": "SERVING",
        },
        "agency": { "agencyComm": { "endpoints": agents } },
    });
    if !call.version.is_4() {
        let first = &call.state.coordinators[0].id;
        status["mode"] = "server".into();
        status["operationMode"] = "server".into();
        status["foxxApi"] = true.into();
        status["serverInfo"]["writeOpsEnabled"] = (!call.state.read_only).into();
        status["coordinator"] = json!({ "foxxmaster": first, "isFoxxmaster": *first == server.id });
    }
    Ok(Reply::raw(200, &status))
}

/// `/_admin/time`
pub(super) fn time(call: &Call<'_>) -> HandlerResult {
    get_only_in_4(call)?;
    Ok(Reply::flat(200, json!({ "time": number(seconds(call.state)) })))
}

/// Returns seconds since the epoch, with their fraction.
pub(super) fn seconds(state: &State) -> f64 {
    state.clock.unix_time(state.current_time).as_secs_f64()
}

/// `/_admin/database/target-version`: the version of the format of databases, which is that of the server.
pub(super) fn target_version(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    Ok(Reply::flat(200, json!({ "version": call.version.number().to_string() })))
}

/// `/_admin/wal/flush`: there is nothing that is not yet in the data.
pub(super) fn flush_wal(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::PUT)?;
    Ok(Reply::raw(200, &json!({})))
}

/// `/_api/replication/server-id`: a number that no other server has.
pub(super) fn server_number(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::GET)?;
    // The digits of its id, so that it survives a restart.
    let digits: String = call.server().id.chars().filter(char::is_ascii_digit).take(15).collect();
    Ok(Reply::raw(200, &json!({ "serverId": digits })))
}

/// `/_admin/support-info`
pub(super) fn support_info(call: &Call<'_>) -> HandlerResult {
    get_only_in_4(call)?;
    if call.request.database != "_system" {
        return Err(ApiError::new(403, 1230, "operation only allowed in system database"));
    }
    if !call.is_admin() {
        return Err(ApiError::forbidden("insufficient permissions"));
    }
    let state = &*call.state;
    let server = |server: &crate::state::servers::Server, role: &str| {
        (
            server.id.clone(),
            json!({ "version": server.version(call.config).text(), "role": role, "shortName": server.short_name }),
        )
    };
    let coordinators = state.coordinators.iter().map(|one| server(one, "COORDINATOR"));
    let servers: Map<_, _> =
        coordinators.chain(state.db_servers.iter().map(|one| server(one, "PRIMARY"))).collect();
    let collections = || state.databases.values().flat_map(|database| database.collections.values());
    let info = json!({
        "date": timestamp(state.clock.unix_time(state.current_time).as_secs()),
        "deployment": {
            "type": "cluster", "servers": servers, "agents": state.agents.len(),
            "coordinators": state.coordinators.len(), "dbServers": state.db_servers.len(),
            "shards": {
                "databases": state.databases.len(), "collections": collections().count(),
                "shards": collections().map(|collection| collection.shards.len()).sum::<usize>(),
            },
        },
    });
    Ok(Reply::raw(200, &info))
}

/// `/_admin/compact`
pub(super) fn compact(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::PUT)?;
    if !call.caller.is_superuser() {
        return Err(ApiError::forbidden("compaction is only allowed for superusers"));
    }
    Ok(Reply::raw(200, &json!({})))
}

/// `/_admin/routing`: there are no services whose routes could be loaded again.
pub(super) fn routing(call: &Call<'_>, rest: &[&str]) -> HandlerResult {
    if *rest == ["reload"] { Ok(Reply::empty(204)) } else { Err(ApiError::unknown_path(&call.request.path)) }
}

/// `/_admin/backup/list`: always empty.
pub(super) fn backup_list(call: &Call<'_>) -> HandlerResult {
    call.require_method(&Method::POST)?;
    call.require_admin()?;
    Ok(Reply::result(200, json!({ "server": [], "list": {} })))
}

fn get_only_in_4(call: &Call<'_>) -> Result<(), ApiError> {
    let takes = call.request.method == Method::HEAD || !call.version.is_4();
    if takes { Ok(()) } else { call.require_method(&Method::GET) }
}
