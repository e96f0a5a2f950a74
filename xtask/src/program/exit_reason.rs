//! How a program ended, and the exit code for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use crate::interruption::Interruption;

/// How a program ended.
#[derive(Debug)]
pub(crate) enum ExitReason {
    /// It exited, or a signal that we did not send terminated it.
    Exited(ExitStatus),
    /// We were interrupted, and have terminated it.
    Interrupted(Interruption),
    /// It exceeded its time limit, and we have terminated it.
    TimedOut {
        /// The program.
        name: OsString,
        /// Its time limit.
        limit: Duration,
    },
    /// It could not be started.
    NotStarted {
        /// The program.
        name: OsString,
        /// The error of starting it.
        error: io::Error,
    },
}

impl ExitReason {
    pub(crate) fn not_started(name: &OsStr, error: io::Error) -> Self {
        Self::NotStarted { name: name.to_owned(), error }
    }

    /// Whether the program exited with code 0.
    pub(crate) fn is_success(&self) -> bool {
        self.code() == 0
    }

    /// Returns the exit code to pass on, and prints timeouts and start errors to stderr.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Exited(_) | Self::Interrupted(_) => {}
            Self::TimedOut { name, limit } => {
                let limit = humantime::format_duration(*limit);
                anstream::eprintln!("error: `{}` was terminated after {limit}", name.display());
            }
            Self::NotStarted { name, error } => {
                let reason = match error.kind() {
                    io::ErrorKind::NotFound => "command not found".to_owned(),
                    _ => error.to_string(),
                };
                anstream::eprintln!("error: cannot run `{}`: {reason}", name.display());
            }
        }
        ExitCode::from(self.code())
    }

    /// The shell's codes: 128 + signal, 127 if not found, 126 if not executable. After a timeout 124, as `timeout`.
    fn code(&self) -> u8 {
        match self {
            Self::Exited(status) => code_of(*status),
            Self::Interrupted(interruption) => 128 + interruption.signal,
            Self::TimedOut { .. } => 124,
            Self::NotStarted { error, .. } if error.kind() == io::ErrorKind::NotFound => 127,
            Self::NotStarted { .. } => 126,
        }
    }
}

fn code_of(status: ExitStatus) -> u8 {
    // Codes beyond a byte exist only on Windows. None of them may turn into 0.
    match (status.code(), signal_of(status)) {
        (Some(code), _) => u8::try_from(code).unwrap_or(1),
        (None, Some(signal)) => 128 + signal,
        (None, None) => 1,
    }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<u8> {
    use std::os::unix::process::ExitStatusExt as _;

    status.signal().and_then(|signal| u8::try_from(signal).ok())
}

#[cfg(not(unix))]
fn signal_of(_: ExitStatus) -> Option<u8> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn exited(raw: i32) -> ExitReason {
        use std::os::unix::process::ExitStatusExt as _;

        ExitReason::Exited(ExitStatus::from_raw(raw))
    }

    fn not_started(kind: io::ErrorKind) -> ExitReason {
        ExitReason::not_started("tool".as_ref(), kind.into())
    }

    #[cfg(unix)]
    #[test]
    fn an_exit_code_is_passed_on() {
        assert_eq!(exited(0).code(), 0);
        assert_eq!(exited(7 << 8).code(), 7);
        assert_eq!(exited(255 << 8).code(), 255);
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_becomes_128_and_its_number() {
        assert_eq!(exited(9).code(), 137);
        assert_eq!(exited(15).code(), 143);
    }

    #[cfg(unix)]
    #[test]
    fn only_exit_code_0_is_a_success() {
        assert!(exited(0).is_success());
        assert!(!exited(1 << 8).is_success());
        assert!(!exited(9).is_success());
    }

    #[test]
    fn a_missing_command_is_127_and_a_non_executable_one_126() {
        assert_eq!(not_started(io::ErrorKind::NotFound).code(), 127);
        assert_eq!(not_started(io::ErrorKind::PermissionDenied).code(), 126);
    }

    #[test]
    fn an_interruption_is_reported_as_the_exit_code() {
        assert_eq!(ExitReason::Interrupted(Interruption { signal: 2 }).code(), 130);
        assert_eq!(ExitReason::Interrupted(Interruption { signal: 15 }).code(), 143);
    }

    #[test]
    fn a_program_that_times_out_is_not_successful() {
        assert_eq!(ExitReason::TimedOut { name: "tool".into(), limit: Duration::from_secs(1) }.code(), 124);
    }
}
