//! Ends a program when this process ends, however it ends. Linux only; elsewhere the program is started as it is.
//!
//! A process can set the signal that it gets when its parent dies only for itself. So this program is started a second
//! time, in a hidden mode that sets the signal, checks that its parent is still there, and replaces itself by the
//! program.

use std::ffi::OsStr;
use std::process::{Command, ExitCode};
#[cfg(target_os = "linux")]
use std::{env, os::unix::process::CommandExt as _};

#[cfg(target_os = "linux")]
use super::ExitReason;

/// The first argument of the hidden mode. Then follow the id of the parent, the signal, the program, its arguments.
#[cfg(target_os = "linux")]
const MODE: &str = "__end-with-parent";

/// The signal that a program gets when this process ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EndSignal {
    /// SIGKILL: for programs that have nothing to end themselves.
    Kill,
    /// SIGTERM: for programs that end the processes which they have started.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only the ArangoDB Starter gets it"))]
    Terminate,
}

/// Returns a command for a program that gets `signal` when the thread that starts it ends.
///
/// So it must be started by [`spawn_thread::run`](super::spawn_thread::run). The command has no argument yet.
#[cfg(all(target_os = "linux", not(test)))]
pub(crate) fn command(name: impl AsRef<OsStr>, signal: EndSignal) -> Command {
    // This file may have been built again since it was started; the link still leads to it.
    let mut command = Command::new("/proc/self/exe");
    let signal = match signal {
        EndSignal::Kill => "kill",
        EndSignal::Terminate => "terminate",
    };
    command.args([MODE, &std::process::id().to_string(), signal]).arg(name);
    command
}

/// Returns a command for a program. In unit tests this process is not xtask, and so has no hidden mode.
#[cfg(not(all(target_os = "linux", not(test))))]
pub(crate) fn command(name: impl AsRef<OsStr>, _: EndSignal) -> Command {
    Command::new(name)
}

/// Becomes the program, if this process was started in the hidden mode.
///
/// Returns the exit code if that failed, and `None` in every other mode.
#[cfg(target_os = "linux")]
pub(crate) fn become_program() -> Option<ExitCode> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

    let mut arguments = env::args_os().skip(1);
    if arguments.next()? != MODE {
        return None;
    }
    let parent = arguments.next()?.to_str()?.parse().ok().and_then(Pid::from_raw);
    let signal = if arguments.next()? == "kill" { Signal::KILL } else { Signal::TERM };
    let program = arguments.next()?;
    if let Err(error) = set_parent_process_death_signal(Some(signal)) {
        return Some(ExitReason::not_started(&program, error.into()).exit_code());
    }
    // A parent that ended before that call does not cause a signal any more.
    if getppid() != parent {
        return Some(ExitCode::FAILURE);
    }
    let error = Command::new(&program).args(arguments).exec();
    Some(ExitReason::not_started(&program, error).exit_code())
}

/// Returns `None`: there is no hidden mode.
#[cfg(not(target_os = "linux"))]
pub(crate) fn become_program() -> Option<ExitCode> {
    None
}
