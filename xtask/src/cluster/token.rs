//! Prints a token signed with a cluster's JWT secret.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use arango_test_cluster::TestCluster;

use crate::cli::Token;

/// Prints the token on a line.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn token(command: Token) -> Result<ExitCode> {
    // A cluster without sockets, to sign the token: the secret is all that two clusters have to share.
    let cluster = TestCluster::builder().jwt_secret(command.jwt_secret).in_memory().start().await?;
    let token = match command.user {
        Some(user) => cluster.user_token(&user, command.lifetime),
        None => cluster.superuser_token(),
    };
    let mut stdout = anstream::stdout();
    writeln!(stdout, "{token}").and_then(|()| stdout.flush()).context("cannot write to stdout")?;
    Ok(ExitCode::SUCCESS)
}
