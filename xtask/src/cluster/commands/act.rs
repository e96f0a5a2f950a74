//! Kills, restarts, pauses or resumes a server of a running cluster.

use std::process::ExitCode;

use anyhow::{Result, bail};
use hyper::Method;
use serde_json::Value;

use super::control_request::{self, READY_LIMIT};
use crate::cli::OneServer;
use crate::cluster::member::{Action, Member, Role};
use crate::cluster::state_file::{self, Found};

/// Asks the owner of the cluster to do this to a server.
///
/// # Errors
/// If no cluster runs, or its back end cannot do this.
pub(crate) async fn act(command: OneServer, action: Action) -> Result<ExitCode> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    for verb in verbs(command.server.role, action) {
        request(&cluster, Method::POST, command.server, verb).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of an action at the control address, where a DB-Server is stopped and started.
fn verbs(role: Role, action: Action) -> &'static [&'static str] {
    match (role, action) {
        (_, Action::Pause) => &["pause"],
        (_, Action::Resume) => &["resume"],
        (Role::Coordinator, Action::Kill) => &["kill"],
        (Role::Coordinator, Action::Restart) => &["restart"],
        (Role::DbServer | Role::Agent, Action::Kill) => &["stop"],
        (Role::DbServer | Role::Agent, Action::Restart) => &["stop", "start"],
    }
}

/// Sends a request about one server to the control address of a cluster.
///
/// # Errors
/// If the cluster has no control address, or refuses.
pub(super) async fn request(cluster: &Found, method: Method, server: Member, verb: &str) -> Result<Value> {
    let backend = &cluster.state.info.backend;
    if let Some(reason) = unavailable(backend, server.role, verb) {
        bail!("the back end {backend} refuses to {verb} {server}: {reason}");
    }
    let path = format!("{}/{}/{verb}", server.role.path(), server.index);
    control_request::send(cluster, method, &path, None, READY_LIMIT, &format!("{verb} {server}")).await
}

/// Returns why a back end cannot do this with a server, if it cannot.
fn unavailable(backend: &str, role: Role, verb: &str) -> Option<&'static str> {
    match (backend, role, verb) {
        ("embedded", _, "log") => Some("its servers have no logs"),
        ("embedded", Role::Agent, _) => {
            Some("it has no processes of agents; `agency down` makes the agency unavailable")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_embedded_cluster_lacks_is_named_before_it_is_asked() {
        assert!(unavailable("embedded", Role::Agent, "stop").unwrap().contains("`agency down`"));
        assert!(unavailable("embedded", Role::Coordinator, "log").unwrap().contains("no logs"));
        assert_eq!(unavailable("embedded", Role::Coordinator, "kill"), None);
        assert_eq!(unavailable("process", Role::Agent, "stop"), None);
        assert_eq!(unavailable("process", Role::DbServer, "log"), None);
    }

    #[test]
    fn a_restart_of_a_db_server_is_a_stop_and_a_start() {
        assert_eq!(verbs(Role::DbServer, Action::Restart), ["stop", "start"]);
        assert_eq!(verbs(Role::Coordinator, Action::Restart), ["restart"]);
    }
}
