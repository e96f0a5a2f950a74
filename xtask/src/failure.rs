//! The end of a task that fails.

use std::process::ExitCode;

use anyhow::Error;
use owo_colors::OwoColorize as _;

use crate::interruption::Interruption;

/// Prints an error to stderr. Returns the exit code: that of the signal that has interrupted the task, or else `code`.
pub(crate) fn report(error: &Error, code: u8) -> ExitCode {
    // With its causes on the same line: "… : cannot listen on 127.0.0.1:8529: Address already in use".
    anstream::eprintln!("{} {error:#}", "error:".red().bold());
    ExitCode::from(exit_code(error, code))
}

fn exit_code(error: &Error, code: u8) -> u8 {
    error.downcast_ref::<Interruption>().map_or(code, |interruption| 128 + interruption.signal)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn an_interruption_has_the_exit_code_of_its_signal() {
        let interrupted = Error::from(Interruption { signal: 15 }).context("version 3.12.10");

        assert_eq!((exit_code(&interrupted, 2), exit_code(&anyhow!("another"), 2)), (143, 2));
    }
}
