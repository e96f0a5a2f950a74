//! A program and the processes that it starts in turn.

use tokio::process::{Child, Command};

/// Ends a program together with its own children, where the system knows who they are.
///
/// On Unix they are a process group. At a terminal the program stays in our group instead: another one would be in the
/// background, where reading stops it, and there Ctrl-C reaches everybody anyway.
#[derive(Debug)]
pub(crate) struct Family {
    #[cfg(unix)]
    own_group: bool,
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Family {
    pub(crate) fn prepare(command: &mut Command) -> Self {
        use std::io::{IsTerminal as _, stdin};

        let own_group = !stdin().is_terminal();
        if own_group {
            command.process_group(0);
        }
        Self { own_group, leader: None }
    }

    pub(crate) fn born(&mut self, child: &Child) {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        self.leader = id.and_then(rustix::process::Pid::from_raw);
    }

    /// Asks them to end.
    pub(crate) fn terminate(&self) {
        use rustix::process::{Signal, kill_process, kill_process_group};

        // Whoever is gone already cannot be asked, and need not be.
        _ = match self.leader {
            Some(leader) if self.own_group => kill_process_group(leader, Signal::TERM),
            Some(leader) => kill_process(leader, Signal::TERM),
            None => Ok(()),
        };
    }

    /// Ends those who are left; the program itself must have been waited for.
    pub(crate) fn kill(&self) {
        use rustix::process::{Signal, kill_process_group};

        // Never the leader by its id alone: that may be somebody else's by now, while a group keeps its number.
        if let Some(leader) = self.leader.filter(|_| self.own_group) {
            _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
#[expect(
    clippy::unused_self,
    clippy::needless_pass_by_ref_mut,
    reason = "the same face as where groups exist"
)]
impl Family {
    pub(crate) fn prepare(_: &mut Command) -> Self {
        Self {}
    }

    pub(crate) fn born(&mut self, _: &Child) {}

    /// Does nothing: Ctrl-C has reached the program as it reached us.
    pub(crate) fn terminate(&self) {}

    /// Does nothing: what the program left behind cannot be found.
    pub(crate) fn kill(&self) {}
}
