//! Restarts a server of a running cluster in another version.

use std::process::ExitCode;

use anyhow::Result;
use hyper::Method;
use serde_json::json;

use super::control_request::{LIMIT, send};
use crate::cli::Upgrade;
use crate::cluster::state_file;

/// Asks the owner of the cluster to restart the server.
///
/// # Errors
/// If no cluster runs, its back end cannot do this, or the version is unknown.
pub(crate) async fn upgrade(command: Upgrade) -> Result<ExitCode> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let Upgrade { server, version, .. } = command;
    let path = format!("{}/{}/upgrade", server.role.path(), server.index);
    let what = format!("upgrade {server}");
    send(&cluster, Method::POST, &path, Some(&json!({ "version": version })), LIMIT, &what).await?;
    Ok(ExitCode::SUCCESS)
}
