//! Prints a token signed with a cluster's JWT secret.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::Token;
use crate::cluster::{superuser_token, user_token};

/// Prints the token on a line.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn token(command: Token) -> Result<ExitCode> {
    let token = match command.user {
        Some(user) => user_token(&command.jwt_secret, &user, command.lifetime).await?,
        None => superuser_token(&command.jwt_secret).await?,
    };
    let mut stdout = anstream::stdout();
    writeln!(stdout, "{token}").and_then(|()| stdout.flush()).context("cannot write to stdout")?;
    Ok(ExitCode::SUCCESS)
}
