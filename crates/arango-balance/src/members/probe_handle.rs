//! Handle on the task that probes one member.

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Handle on a probe task.
#[derive(Debug)]
pub(crate) struct ProbeHandle {
    task: AbortHandle,
    started: Instant,
    /// When the probe was due for which the task was started.
    due: Instant,
    /// When the first task was started for that probe.
    first_started: Instant,
}

impl ProbeHandle {
    /// Returns the handle of a task that is started at `now` for the probe that was due at `due`. `tried_since`: since when
    /// tasks could have probed before.
    pub(crate) fn new(task: AbortHandle, due: Instant, now: Instant, tried_since: Option<Instant>) -> Self {
        Self { task, started: now, due, first_started: tried_since.unwrap_or(now) }
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    /// Returns since when this task could have probed.
    pub(crate) fn running_since(&self, due: Instant) -> Instant {
        self.started.max(due)
    }

    /// Returns since when this task or one before it could have probed; `None` if none was started for this probe.
    pub(crate) fn tried_since(&self, due: Instant) -> Option<Instant> {
        (self.is_running() || self.due == due).then(|| self.first_started.max(due))
    }

    /// Ends the task.
    pub(crate) fn abort(&self) {
        self.task.abort();
    }
}
