//! Changes the tokens of logins to a running cluster.

use std::process::ExitCode;

use anyhow::Result;
use hyper::Method;

use super::control_request::{LIMIT, send};
use crate::cli::Tokens;
use crate::cluster::state_file;

/// Rejects all tokens that logins have returned so far.
///
/// # Errors
/// If no cluster runs, or its back end cannot do this.
pub(crate) async fn tokens(command: Tokens) -> Result<ExitCode> {
    let Tokens::Expire(selection) = command;
    let cluster = state_file::find(selection.cluster.as_deref())?;
    send(&cluster, Method::POST, "tokens/expire", None, LIMIT, "expire tokens").await?;
    Ok(ExitCode::SUCCESS)
}
