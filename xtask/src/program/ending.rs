//! How a program ended, and what exit code says so.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use crate::interruption::Interruption;

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// By itself, or by a signal that was not ours.
    Exited(ExitStatus),
    /// We were told to end, and have ended it.
    Interrupted(Interruption),
    /// It took too long, and we have ended it.
    OutOfTime {
        /// What ran.
        name: OsString,
        /// How long it was allowed to.
        limit: Duration,
    },
    /// It never ran.
    NotStarted {
        /// What should have run.
        name: OsString,
        /// Why it did not.
        error: io::Error,
    },
}

impl Ending {
    pub(crate) fn not_started(name: &OsStr, error: io::Error) -> Self {
        Self::NotStarted { name: name.to_owned(), error }
    }

    /// Whether the program says that it succeeded.
    pub(crate) fn is_success(&self) -> bool {
        self.code() == 0
    }

    /// The exit code to pass on; says on stderr what the program could not say itself.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Exited(_) | Self::Interrupted(_) => {}
            Self::OutOfTime { name, limit } => {
                let limit = humantime::format_duration(*limit);
                anstream::eprintln!("error: `{}` was ended after {limit}", name.display());
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

    /// As a shell counts: 128 and the signal, 127 for what is not there, 126 for what may not run; 124 as `timeout` does.
    fn code(&self) -> u8 {
        match self {
            Self::Exited(status) => code_of(*status),
            Self::Interrupted(interruption) => 128 + interruption.signal,
            Self::OutOfTime { .. } => 124,
            Self::NotStarted { error, .. } if error.kind() == io::ErrorKind::NotFound => 127,
            Self::NotStarted { .. } => 126,
        }
    }
}

fn code_of(status: ExitStatus) -> u8 {
    // Codes beyond a byte exist on Windows only; what must not happen is that one of them turns into 0.
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
    fn exited(raw: i32) -> Ending {
        use std::os::unix::process::ExitStatusExt as _;

        Ending::Exited(ExitStatus::from_raw(raw))
    }

    fn not_started(kind: io::ErrorKind) -> Ending {
        Ending::not_started("tool".as_ref(), kind.into())
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
    fn a_command_that_is_not_there_is_127_and_one_that_may_not_run_126() {
        assert_eq!(not_started(io::ErrorKind::NotFound).code(), 127);
        assert_eq!(not_started(io::ErrorKind::PermissionDenied).code(), 126);
    }

    #[test]
    fn an_interruption_is_told_apart_from_what_the_program_made_of_it() {
        assert_eq!(Ending::Interrupted(Interruption { signal: 2 }).code(), 130);
        assert_eq!(Ending::Interrupted(Interruption { signal: 15 }).code(), 143);
    }

    #[test]
    fn a_program_out_of_time_is_no_success() {
        assert_eq!(Ending::OutOfTime { name: "tool".into(), limit: Duration::from_secs(1) }.code(), 124);
    }
}
