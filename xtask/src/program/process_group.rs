//! A program and its child processes.

use tokio::process::{Child, Command};

/// Ends a program together with its child processes, where the system supports it.
///
/// On Unix they are a process group. At a terminal the program stays in our group instead: a separate group would run
/// in the background, where reading from the terminal stops it, and Ctrl-C reaches all processes anyway.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    #[cfg(unix)]
    own_group: bool,
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl ProcessGroup {
    pub(crate) fn prepare(command: &mut Command) -> Self {
        use std::io::{IsTerminal as _, stdin};

        let own_group = !stdin().is_terminal();
        if own_group {
            command.process_group(0);
        }
        Self { own_group, leader: None }
    }

    pub(crate) fn started(&mut self, child: &Child) {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        self.leader = id.and_then(rustix::process::Pid::from_raw);
    }

    /// Sends SIGTERM to the group.
    pub(crate) fn terminate(&self) {
        use rustix::process::{Signal, kill_process, kill_process_group};

        // A process that has already exited cannot receive the signal, and does not need it.
        _ = match self.leader {
            Some(leader) if self.own_group => kill_process_group(leader, Signal::TERM),
            Some(leader) => kill_process(leader, Signal::TERM),
            None => Ok(()),
        };
    }

    /// Kills the processes that are left. The program itself must have been waited for.
    pub(crate) fn kill(&self) {
        use rustix::process::{Signal, kill_process_group};

        // Never the leader by its process id: the id may have been reused, while the group id is still ours.
        if let Some(leader) = self.leader.filter(|_| self.own_group) {
            _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
#[expect(
    clippy::unused_self,
    clippy::needless_pass_by_ref_mut,
    reason = "the same API as on Unix, where process groups exist"
)]
impl ProcessGroup {
    pub(crate) fn prepare(_: &mut Command) -> Self {
        Self {}
    }

    pub(crate) fn started(&mut self, _: &Child) {}

    /// Does nothing: Ctrl-C has reached the program, too.
    pub(crate) fn terminate(&self) {}

    /// Does nothing: processes that the program left behind cannot be found.
    pub(crate) fn kill(&self) {}
}
