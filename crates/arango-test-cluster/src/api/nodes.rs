//! `nodeVersion`, `nodeEngine`, `nodeStatistics`: information about one server, requested through another.

use std::time::Duration;

use http::Method;

use super::{Call, Outcome, server_info, statistics};
use crate::http::reply::{ApiError, Reply};
use crate::state::State;
use crate::state::servers::{Role, RunState, Server, Status};

/// How long the receiving coordinator waits for the other server.
const SERVER_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for logs and metrics.
const LONG_TIMEOUT: Duration = Duration::from_secs(30);
/// The interval of checks whether the server is back or has failed.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

pub(super) fn handle(call: &mut Call<'_>, command: &str) -> Result<Outcome, ApiError> {
    call.require_method(&Method::GET)?;
    let parameter = if command == "statistics" { "DBserver" } else { "ServerID" };
    let name = call.request.query.get(parameter).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::new(400, 400, format!("missing parameter `{parameter}`")))?;
    // Agents are not registered where coordinators look up addresses, so they are reported like unknown servers.
    let server = call.state.server(name).ok_or_else(ApiError::no_backend)?;
    if matches!(server.run_state, RunState::Up) {
        return Ok(Outcome::Now(reply(call, command, server)));
    }
    // The list of failed servers contains ids only, so with a short name the wait lasts until the timeout.
    let gives_up_early = server.id == name;
    if gives_up_early && server.status == Status::Failed {
        return Ok(Outcome::Now(unreachable()));
    }
    let (id, deadline) = (server.id.clone(), call.state.current_time + SERVER_TIMEOUT);
    let (command, config) = (command.to_owned(), call.config.clone());
    let check = move |state: &mut State| {
        let server = state.server(&id)?;
        if server.is_up() {
            return Some(body(&command, server, state, &config));
        }
        let failed = gives_up_early && server.status == Status::Failed;
        (failed || state.current_time >= deadline).then(unreachable)
    };
    Ok(Outcome::Wait { every: RETRY_INTERVAL, check: Box::new(check) })
}

/// Runs `respond` at the server named by `serverId`, or at the receiving one.
pub(super) fn through_server_id(
    call: &mut Call<'_>,
    mut respond: impl FnMut(&mut State, &str) -> Reply + Send + 'static,
) -> Result<Outcome, ApiError> {
    let Some(id) = call.request.query.get("serverId") else {
        let own_id = call.server().id.clone();
        return Ok(respond(call.state, &own_id).into());
    };
    let server = call.state.server(id).filter(|server| server.id == id);
    let id = server.ok_or_else(|| ApiError::new(404, 400, "unknown serverId supplied."))?.id.clone();
    let deadline = call.state.current_time + LONG_TIMEOUT;
    let mut check = move |state: &mut State| {
        let server = state.server(&id)?;
        let (is_up, failed) = (server.is_up(), server.status == Status::Failed);
        if is_up {
            return Some(respond(state, &id));
        }
        (failed || state.current_time >= deadline).then(|| ApiError::no_backend().into())
    };
    Ok(match check(call.state) {
        Some(reply) => reply.into(),
        None => Outcome::Wait { every: RETRY_INTERVAL, check: Box::new(check) },
    })
}

fn reply(call: &Call<'_>, command: &str, server: &Server) -> Reply {
    body(command, server, call.state, call.config)
}

fn body(command: &str, server: &Server, state: &State, config: &crate::config::settings::Config) -> Reply {
    match command {
        "nodeVersion" => Reply::raw(200, &server_info::version_document(server.version(config))),
        "nodeEngine" => Reply::raw(
            200,
            &server_info::engine_document(server.version(config), server.role == Role::DbServer),
        ),
        _ => Reply::flat(200, statistics::document(server, state)),
    }
}

fn unreachable() -> Reply {
    ApiError::new(408, 504, "server did not answer").into()
}
