//! Makes the agency of a running cluster unreachable, and reachable again.

use std::process::ExitCode;

use anyhow::{Result, bail};
use hyper::Method;
use serde_json::json;

use super::control_request::{LIMIT, READY_LIMIT, send};
use super::fault::{end, faults_of, ids};
use crate::cli::Agency;
use crate::cluster::state_file::{self, Found};

/// The kind of the condition of an embedded cluster.
const KIND: &str = "agency-down";

/// Begins or ends the outage.
///
/// # Errors
/// If no cluster runs, or its agents cannot be stopped and started.
pub(crate) async fn agency(command: Agency) -> Result<ExitCode> {
    let (selection, is_down) = match command {
        Agency::Down(selection) => (selection, true),
        Agency::Up(selection) => (selection, false),
    };
    let cluster = state_file::find(selection.cluster.as_deref())?;
    match cluster.state.info.backend.as_str() {
        "embedded" if is_down => begin(&cluster).await?,
        "embedded" => end_all(&cluster).await?,
        "starter" => {
            bail!("the ArangoDB Starter does not let all agents be stopped: it restarts them together")
        }
        "external" => bail!("the agents of an external cluster are left as they are"),
        _ => for_each_agent(&cluster, if is_down { "stop" } else { "start" }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn begin(cluster: &Found) -> Result<()> {
    if ids(&faults_of(cluster).await?, |fault| fault["kind"] == KIND).is_empty() {
        let condition = json!({ "kind": KIND });
        let what = "make the agency unreachable";
        send(cluster, Method::POST, "faults", Some(&condition), LIMIT, what).await?;
    }
    Ok(())
}

async fn end_all(cluster: &Found) -> Result<()> {
    for id in ids(&faults_of(cluster).await?, |fault| fault["kind"] == KIND) {
        end(cluster, id).await?;
    }
    Ok(())
}

async fn for_each_agent(cluster: &Found, verb: &str) -> Result<()> {
    for index in 0..cluster.state.info.agents.len() {
        let path = format!("agents/{index}/{verb}");
        let what = format!("{verb} agent{}", index + 1);
        send(cluster, Method::POST, &path, None, READY_LIMIT, &what).await?;
    }
    Ok(())
}
