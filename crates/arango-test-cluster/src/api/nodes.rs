//! `nodeVersion`, `nodeEngine`, `nodeStatistics`: one server asked through another.

use std::time::Duration;

use http::Method;

use super::{Call, Outcome, server_info, statistics};
use crate::http::reply::{Refusal, Reply};
use crate::state::State;
use crate::state::servers::{Life, Role, Server, Status};

/// How long the asking coordinator waits for the asked server.
const SERVER_TIMEOUT: Duration = Duration::from_secs(10);
/// The same where a log or metrics are asked for.
const LONG_PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks whether the server has come back, or is known to have failed.
const BEAT: Duration = Duration::from_millis(200);

pub(super) fn answer(call: &mut Call<'_>, command: &str) -> Result<Outcome, Refusal> {
    call.only(&Method::GET)?;
    let parameter = if command == "statistics" { "DBserver" } else { "ServerID" };
    let name = call.request.query.get(parameter).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::new(400, 400, format!("missing parameter `{parameter}`")))?;
    // Agents are not registered where coordinators look up addresses: they are as unknown as a server that never was.
    let server = call.state.server(name).ok_or_else(Refusal::no_backend)?;
    if matches!(server.life, Life::Up) {
        return Ok(Outcome::Now(reply(call, command, server)));
    }
    // The list of failed servers knows ids only, so a short name is waited for to the end.
    let gives_up_early = server.id == name;
    if gives_up_early && server.status == Status::Failed {
        return Ok(Outcome::Now(no_answer()));
    }
    let (id, deadline) = (server.id.clone(), call.state.at + SERVER_TIMEOUT);
    let (command, config) = (command.to_owned(), call.config.clone());
    let check = move |state: &mut State| {
        let server = state.server(&id)?;
        if server.is_up() {
            return Some(body(&command, server, state, &config));
        }
        let failed = gives_up_early && server.status == Status::Failed;
        (failed || state.at >= deadline).then(no_answer)
    };
    Ok(Outcome::Wait { every: BEAT, check: Box::new(check) })
}

/// Asks the server that `serverId` names, or answers for the one that was asked.
pub(super) fn through_server_id(
    call: &mut Call<'_>,
    mut ask: impl FnMut(&mut State, &str) -> Reply + Send + 'static,
) -> Result<Outcome, Refusal> {
    let Some(id) = call.request.query.get("serverId") else {
        let me = call.me().id.clone();
        return Ok(ask(call.state, &me).into());
    };
    let server = call.state.server(id).filter(|server| server.id == id);
    let id = server.ok_or_else(|| Refusal::new(404, 400, "unknown serverId supplied."))?.id.clone();
    let deadline = call.state.at + LONG_PATIENCE;
    let mut check = move |state: &mut State| {
        let server = state.server(&id)?;
        let (is_up, failed) = (server.is_up(), server.status == Status::Failed);
        if is_up {
            return Some(ask(state, &id));
        }
        (failed || state.at >= deadline).then(|| Refusal::no_backend().into())
    };
    Ok(match check(call.state) {
        Some(reply) => reply.into(),
        None => Outcome::Wait { every: BEAT, check: Box::new(check) },
    })
}

fn reply(call: &Call<'_>, command: &str, server: &Server) -> Reply {
    body(command, server, call.state, call.config)
}

fn body(command: &str, server: &Server, state: &State, config: &crate::config::Config) -> Reply {
    match command {
        "nodeVersion" => Reply::raw(200, &server_info::version_document(server.version(config))),
        "nodeEngine" => Reply::raw(
            200,
            &server_info::engine_document(server.version(config), server.role == Role::DbServer),
        ),
        _ => Reply::flat(200, statistics::document(server, state)),
    }
}

fn no_answer() -> Reply {
    Refusal::new(408, 504, "server did not answer").into()
}
