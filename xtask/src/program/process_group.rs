//! A program and its child processes.

use tokio::process::{Child, Command};

/// Ends a program together with its child processes, where the system supports it.
///
/// On Unix they are a process group. At a terminal the program stays in our group instead: a separate group would run
/// in the background, where reading from the terminal stops it, and Ctrl-C reaches all processes anyway. There Linux
/// finds the processes that are left by a variable in their environment.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    #[cfg(unix)]
    kind: Kind,
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// How child processes are found.
#[cfg(unix)]
#[derive(Debug)]
enum Kind {
    /// They are in a group of the program.
    Separate,
    /// They have this value in [`VARIABLE`].
    Labelled(String),
}

/// The variable of programs at a terminal.
#[cfg(unix)]
const VARIABLE: &str = "XTASK_PROGRAM";

/// Time after which processes that have got SIGKILL should have ended.
#[cfg(unix)]
const KILL_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(unix)]
impl ProcessGroup {
    pub(crate) fn prepare(command: &mut Command) -> Self {
        use std::io::{IsTerminal as _, stdin};

        if stdin().is_terminal() { Self::labelled(command) } else { Self::separate(command) }
    }

    fn separate(command: &mut Command) -> Self {
        command.process_group(0);
        Self { kind: Kind::Separate, leader: None }
    }

    fn labelled(command: &mut Command) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};

        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let label = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        command.env(VARIABLE, &label);
        Self { kind: Kind::Labelled(label), leader: None }
    }

    pub(crate) fn started(&mut self, child: &Child) {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        self.leader = id.and_then(rustix::process::Pid::from_raw);
    }

    /// Sends SIGTERM to the program, and to its group.
    pub(crate) fn terminate(&self) {
        use rustix::process::{Signal, kill_process, kill_process_group};

        // A process that has already exited cannot receive the signal, and does not need it.
        _ = match (self.leader, &self.kind) {
            (Some(leader), Kind::Separate) => kill_process_group(leader, Signal::TERM),
            (Some(leader), Kind::Labelled(_)) => kill_process(leader, Signal::TERM),
            (None, _) => Ok(()),
        };
    }

    /// Kills the processes that are left. The program itself must have been waited for.
    pub(crate) fn kill(&self) {
        use rustix::process::{Signal, kill_process_group};

        use super::labelled_processes::{self, Label};

        // Never the leader by its process id: the id may have been reused, while the group id is still ours.
        match (self.leader, &self.kind) {
            (Some(leader), Kind::Separate) => _ = kill_process_group(leader, Signal::KILL),
            (Some(_), Kind::Labelled(value)) => {
                let label = Label { variable: VARIABLE, value: value.as_ref() };
                if let Err(error) = labelled_processes::kill(label, KILL_LIMIT) {
                    anstream::eprintln!("warning: {error:#}");
                }
            }
            (None, _) => {}
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt as _, BufReader};

    use super::*;

    /// Whether a process runs; one that has ended may still be listed.
    fn runs(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
    }

    #[tokio::test]
    async fn child_processes_do_not_outlive_a_program_in_either_kind_of_group() {
        for group in [ProcessGroup::separate, ProcessGroup::labelled] {
            let mut command = Command::new("sh");
            command.args(["-c", "sleep 60 & echo $!; wait"]).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut group = group(&mut command);
            let mut child = command.spawn().unwrap();
            group.started(&child);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let pid = lines.next_line().await.unwrap().unwrap();
            assert!(runs(&pid));

            group.terminate();
            child.wait().await.unwrap();
            group.kill();

            // The processes of a group end soon after the signal.
            let ended = async {
                while runs(&pid) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(KILL_LIMIT, ended).await.unwrap_or_else(|_| panic!("{pid} runs: {group:?}"));
        }
    }
}
