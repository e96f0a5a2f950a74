//! Moves of shards and servers by hand: `moveShard`, `cleanOutServer`, `resignLeadership`, `removeServer`.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::agency_jobs::{MoveShard, Task};
use crate::state::grants::Level;
use crate::state::servers::{Role, Status};

/// How often a server's removal is attempted, once a second.
const ATTEMPTS: u64 = 60;

pub(super) fn move_shard(call: &mut Call<'_>) -> HandlerResult {
    call.require_method(&Method::POST)?;
    let body = call.object()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let needed =
        |key: &str| text(key).ok_or_else(|| ApiError::bad_parameter(format!("object with key `{key}`")));
    let database = text("database").unwrap_or(&call.request.database);
    let (collection, shard) = (needed("collection")?, needed("shard")?);
    let (from, to) = (needed("fromServer")?, needed("toServer")?);
    if call.level(database) != Level::ReadWrite {
        return Err(ApiError::new(403, 403, "insufficient permissions on database to move shard"));
    }
    let not_found = |what: &str| ApiError::new(404, 404, what);
    let found = call.state.databases.get(database).and_then(|content| content.collection(collection));
    let found = found.ok_or_else(|| not_found("database/collection not found"))?;
    let servers = call.state.db_server(from).zip(call.state.db_server(to));
    let (from, to) = servers.ok_or_else(|| not_found("one or both dbservers not found"))?;
    if found.distribute_shards_like.is_some() {
        let text = "MoveShard only allowed for collections which have distributeShardsLike unset.";
        return Err(ApiError::new(403, 11, text));
    }
    let copies = found.shards.get(shard).ok_or_else(|| not_found("shard not found"))?;
    let place = copies.iter().position(|copy| *copy == from.id);
    let is_leader = place.ok_or_else(|| not_found("shard is not located on the server"))? == 0;
    let remains = is_leader && body.get("remainsFollower").and_then(Value::as_bool).unwrap_or(true);
    let step = MoveShard {
        database: database.to_owned(),
        collection: found.id.clone(),
        shard: shard.to_owned(),
        from: from.id.clone(),
        to: to.id.clone(),
        is_leader,
        remains_follower: Some(remains),
        try_undo: body.get("tryUndo").and_then(Value::as_bool).unwrap_or(false),
    };
    Ok(scheduled(call, Task::MoveShard(step)))
}

pub(super) fn clean_out_server(call: &mut Call<'_>) -> HandlerResult {
    let server = server_of_body(call)?;
    Ok(scheduled(call, Task::CleanOutServer { server }))
}

pub(super) fn resign_leadership(call: &mut Call<'_>) -> HandlerResult {
    let server = server_of_body(call)?;
    let body = call.request.json()?;
    let undo_moves = body.get("undoMoves").and_then(Value::as_bool);
    let undo_moves = undo_moves.filter(|_| call.version.keeps_undo_of_resignations());
    Ok(scheduled(call, Task::ResignLeadership { server, undo_moves }))
}

/// Returns the server in the body, unchecked. An unknown one becomes a job that fails.
fn server_of_body(call: &Call<'_>) -> Result<String, ApiError> {
    call.require_admin()?;
    call.require_method(&Method::POST)?;
    let body = call.request.json()?;
    let name = body.get("server").and_then(Value::as_str);
    let name = name.ok_or_else(|| ApiError::bad_parameter("object with key `server`"))?;
    Ok(call.state.db_server(name).map_or_else(|| name.to_owned(), |server| server.id.clone()))
}

fn scheduled(call: &mut Call<'_>, task: Task) -> Reply {
    let creator = call.server().id.clone();
    let id = call.state.ids.next();
    let now = call.state.current_time;
    let id = call.state.jobs.add(id, task, &creator, now);
    Reply::flat(202, json!({ "id": id }))
}

pub(super) fn remove_server(call: &mut Call<'_>) -> Result<Outcome, ApiError> {
    call.require_admin()?;
    call.require_method(&Method::POST)?;
    let body = call.request.json()?;
    let name = body.as_str().or_else(|| body.get("server").and_then(Value::as_str));
    let name = name.ok_or_else(|| ApiError::bad_parameter("expecting string or object with key `server`"))?;
    let server = call.state.server(name).ok_or_else(|| ApiError::new(404, 404, "server not found"))?;
    let id = server.id.clone();
    if let Some(reply) = remove(call.state, &id) {
        return Ok(Outcome::Now(reply));
    }
    let deadline = call.state.current_time + Duration::from_secs(ATTEMPTS);
    let check = move |state: &mut State| {
        let refused = || ApiError::new(412, 412, "server may not be deleted").into();
        remove(state, &id).or_else(|| (state.current_time >= deadline).then(refused))
    };
    Ok(Outcome::Wait { every: Duration::from_secs(1), check: Box::new(check) })
}

/// Removes a server that has failed and holds nothing. A removed coordinator keeps its index in the process: it is only
/// down, and the others no longer know it.
fn remove(state: &mut State, id: &str) -> Option<Reply> {
    let server = state.server(id)?;
    if server.status != Status::Failed || state.holds_shards(id) {
        return None;
    }
    if server.role == Role::DbServer {
        state.db_servers.retain(|server| server.id != id);
        state.cleaned.remove(id);
    } else if let Some(server) = state.coordinators.iter_mut().find(|server| server.id == id) {
        server.registered = false;
    }
    Some(Reply::empty(200))
}
