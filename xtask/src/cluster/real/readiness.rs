//! Waits until the servers of a cluster are ready.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;
use tokio::time::sleep;

use super::backend::Backend;
use super::plan::{Plan, Server};
use super::progress::Progress;
use crate::cluster::http_client::{HttpClient, Response};
use crate::cluster::member::{Member, Role};

/// Time between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How many lines of a log are shown if a server fails.
const LOG_LINES: usize = 40;

/// Why a cluster is not ready.
struct NotReady {
    member: Member,
    reason: String,
}

/// Waits until all servers of a role are ready. `client` has the token of the superuser.
///
/// # Errors
/// If a server ends, or the limit is over; with the command line and the last lines of the log of that server.
pub(crate) async fn wait(
    role: Role,
    plan: &Plan,
    backend: &mut dyn Backend,
    client: &HttpClient,
    progress: &mut Progress,
) -> Result<()> {
    loop {
        if let Some((member, how)) = backend.find_ended().await? {
            return Err(failure(backend, member, &format!("{member} ended: {how}")).await);
        }
        let Err(NotReady { member, reason }) = check(role, plan, client).await else { return Ok(()) };
        progress.waiting_for(&format!("waiting for {member}: {reason}"));
        if progress.is_over() {
            let limit = humantime::format_duration(progress.limit());
            let title = format!("the cluster was not ready after {limit}; {member}: {reason}");
            return Err(failure(backend, member, &title).await);
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Waits until one server is ready after a restart.
///
/// # Errors
/// As [`wait`].
pub(crate) async fn wait_for_one(
    server: Server,
    plan: &Plan,
    backend: &mut dyn Backend,
    client: &HttpClient,
    limit: Duration,
) -> Result<()> {
    let progress = Progress::new(limit);
    let member = server.member;
    loop {
        if let Some((ended, how)) = backend.find_ended().await?.filter(|(ended, _)| *ended == member) {
            return Err(failure(backend, ended, &format!("{ended} ended: {how}")).await);
        }
        let Err(reason) = check_server(server, plan, client).await else { return Ok(()) };
        if progress.is_over() {
            let title =
                format!("{member} was not ready after {}: {reason}", humantime::format_duration(limit));
            return Err(failure(backend, member, &title).await);
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Returns an error with all that helps to find the cause.
async fn failure(backend: &dyn Backend, member: Member, title: &str) -> anyhow::Error {
    let log = match backend.log(member).await {
        Ok(log) => last_lines(&log),
        Err(error) => format!("  cannot be read: {error:#}"),
    };
    anyhow!("{title}\ncommand: {}\nlast lines of its log:\n{log}", backend.command(member))
}

fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let shown: Vec<_> =
        lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| format!("  {line}")).collect();
    if shown.is_empty() { "  (empty)".to_owned() } else { shown.join("\n") }
}

async fn check(role: Role, plan: &Plan, client: &HttpClient) -> Result<(), NotReady> {
    for server in plan.of(role) {
        let checked = check_server(server, plan, client).await;
        checked.map_err(|reason| NotReady { member: server.member, reason })?;
    }
    match role {
        Role::Agent => check_leader(plan, client).await,
        Role::DbServer => Ok(()),
        Role::Coordinator => check_cluster(plan, client).await,
    }
}

/// Checks one server on its own.
async fn check_server(server: Server, plan: &Plan, client: &HttpClient) -> Result<(), String> {
    let url = plan.url(server);
    match server.member.role {
        Role::Agent => {
            expect_success(client, &format!("{url}/_api/agency/config")).await?;
        }
        Role::DbServer => {
            expect_success(client, &format!("{url}/_api/version")).await?;
            expect_role(client, &url, "PRIMARY").await?;
        }
        Role::Coordinator => {
            expect_success(client, &format!("{url}/_admin/server/availability")).await?;
            expect_role(client, &url, "COORDINATOR").await?;
            // Its system collections exist.
            expect_success(client, &format!("{url}/_api/collection")).await?;
        }
    }
    Ok(())
}

/// Checks that all agents name the same leader.
async fn check_leader(plan: &Plan, client: &HttpClient) -> Result<(), NotReady> {
    let mut leaders = BTreeSet::new();
    for server in plan.of(Role::Agent) {
        let not_ready = |reason: String| NotReady { member: server.member, reason };
        let config = expect_success(client, &format!("{}/_api/agency/config", plan.url(server))).await;
        let leader = config.map_err(not_ready)?["leaderId"].as_str().unwrap_or_default().to_owned();
        if leader.is_empty() {
            return Err(not_ready("the agents have no leader".to_owned()));
        }
        leaders.insert(leader);
        if leaders.len() > 1 {
            return Err(not_ready("the agents disagree about the leader".to_owned()));
        }
    }
    Ok(())
}

/// Checks that each coordinator sees all servers.
async fn check_cluster(plan: &Plan, client: &HttpClient) -> Result<(), NotReady> {
    for server in plan.of(Role::Coordinator) {
        let seen = sees_all_servers(server, plan, client).await;
        seen.map_err(|reason| NotReady { member: server.member, reason })?;
    }
    Ok(())
}

async fn sees_all_servers(server: Server, plan: &Plan, client: &HttpClient) -> Result<(), String> {
    let url = plan.url(server);
    let health = expect_success(client, &format!("{url}/_admin/cluster/health")).await?;
    let servers = health["Health"].as_object().into_iter().flatten();
    let is_good = |server: &Value| server["Role"] == "Agent" || server["Status"] == "GOOD";
    let good = servers.filter(|(_, server)| is_good(server)).count();
    let wanted = plan.servers.len();
    if good < wanted {
        return Err(format!("{good} of {wanted} servers are GOOD"));
    }
    let listed = expect_success(client, &format!("{url}/_api/cluster/endpoints")).await?;
    let (listed, wanted) =
        (listed["endpoints"].as_array().map_or(0, Vec::len), plan.of(Role::Coordinator).count());
    if listed < wanted {
        return Err(format!("{listed} of {wanted} coordinators are listed"));
    }
    Ok(())
}

async fn expect_role(client: &HttpClient, url: &str, role: &str) -> Result<(), String> {
    let body = expect_success(client, &format!("{url}/_admin/server/role")).await?;
    match body["role"].as_str() {
        Some(found) if found == role => Ok(()),
        found => Err(format!("its role is {}", found.unwrap_or("unknown"))),
    }
}

async fn expect_success(client: &HttpClient, url: &str) -> Result<Value, String> {
    match client.get(url).await {
        Ok(Response { status: 200, body }) => Ok(body),
        Ok(Response { status, body }) => {
            let message = body["errorMessage"].as_str().unwrap_or_default();
            Err(format!("status {status} {message}").trim_end().to_owned())
        }
        Err(error) => Err(error.root_cause().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_of_a_log_are_shown() {
        let log: Vec<_> = (1..=100).map(|line| line.to_string()).collect();

        let shown = last_lines(&log.join("\n"));

        assert_eq!(shown.lines().count(), 40);
        assert!(shown.starts_with("  61\n") && shown.ends_with("  100"), "{shown}");
    }
}
