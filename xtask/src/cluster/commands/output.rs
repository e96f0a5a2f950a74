//! Text on stdout.

use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, Result};

/// Writes a text to stdout. A reader that has closed the pipe, as `head` does, needs no more of it.
///
/// # Errors
/// If the system refuses for another reason.
pub(super) fn write(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}
