//! The servers, and their status in the agency.

use std::time::Duration;

use tokio::time::Instant;

use super::diagnostics::{Crashes, Diagnostics};
use super::ids::Ids;
use crate::config::settings::Config;
use crate::config::version::Version;

/// Time without a heartbeat after which a server is no longer `GOOD`.
const OK_THRESHOLD: Duration = Duration::from_secs(5);
/// Time without a heartbeat after which a server is `FAILED`.
const GRACE_PERIOD: Duration = Duration::from_secs(10);

/// The role of a server in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Coordinator,
    DbServer,
}

/// The status of a server as the supervision sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Good,
    Bad,
    Failed,
}

impl Status {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::Bad => "BAD",
            Self::Failed => "FAILED",
        }
    }
}

/// Whether a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunState {
    Up,
    /// Returns 503 for new requests, and ends soon.
    Stopping,
    Down {
        since: Instant,
    },
}

/// A coordinator or a DB-Server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) role: Role,
    pub(crate) id: String,
    pub(crate) short_name: String,
    pub(crate) endpoint: String,
    /// The version that it was started in, if it differs from the cluster's.
    pub(crate) version_override: Option<Version>,
    /// The address that clients get for it, if it differs from its endpoint.
    pub(crate) advertised: Option<String>,
    pub(crate) run_state: RunState,
    /// Whether it is down only because it is paused.
    pub(crate) paused: bool,
    /// Increases with each start of the process within the test. A request of an earlier process is never applied.
    pub(crate) generation: u64,
    pub(crate) reboot_id: u64,
    pub(crate) soft_shutdown: bool,
    /// Whether the agency has its address.
    pub(crate) registered: bool,
    pub(crate) started: Instant,
    /// The status in the agency's record. The record is written only when something in it changes.
    pub(crate) status: Status,
    pub(crate) written: Instant,
    pub(crate) last_acked: Instant,
    pub(crate) requests: Requests,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) crashes: Crashes,
    /// The requested end of its maintenance.
    pub(crate) maintenance_target: Option<Instant>,
    /// The end of its maintenance that the supervision has applied.
    pub(crate) maintenance: Option<Instant>,
}

/// How many requests of each kind a server has handled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests {
    pub(crate) get: u64,
    pub(crate) head: u64,
    pub(crate) post: u64,
    pub(crate) put: u64,
    pub(crate) patch: u64,
    pub(crate) delete: u64,
    pub(crate) options: u64,
    pub(crate) other: u64,
    pub(crate) superuser: u64,
    pub(crate) asynchronous: u64,
}

impl Requests {
    pub(crate) fn total(&self) -> u64 {
        self.get + self.head + self.post + self.put + self.patch + self.delete + self.options + self.other
    }

    pub(crate) fn count(&mut self, method: &http::Method) {
        let counter = match method.as_str() {
            "GET" => &mut self.get,
            "HEAD" => &mut self.head,
            "POST" => &mut self.post,
            "PUT" => &mut self.put,
            "PATCH" => &mut self.patch,
            "DELETE" => &mut self.delete,
            "OPTIONS" => &mut self.options,
            _ => &mut self.other,
        };
        *counter += 1;
    }
}

impl Server {
    pub(crate) fn new(role: Role, number: usize, endpoint: String, ids: &mut Ids, now: Instant) -> Self {
        let (prefix, name) = match role {
            Role::Coordinator => ("CRDN", "Coordinator"),
            Role::DbServer => ("PRMR", "DBServer"),
        };
        Self {
            role,
            id: format!("{prefix}-{}", ids.uuid()),
            short_name: format!("{name}{number:04}"),
            endpoint,
            version_override: None,
            advertised: None,
            run_state: RunState::Up,
            paused: false,
            generation: 0,
            reboot_id: 1,
            soft_shutdown: false,
            registered: true,
            started: now,
            status: Status::Good,
            written: now,
            last_acked: now,
            requests: Requests::default(),
            diagnostics: Diagnostics::begin(now),
            crashes: Crashes::default(),
            maintenance_target: None,
            maintenance: None,
        }
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.id == name || self.short_name == name
    }

    pub(crate) fn is_up(&self) -> bool {
        self.run_state == RunState::Up
    }

    /// Returns the version that it runs in.
    pub(crate) fn version<'a>(&'a self, config: &'a Config) -> &'a Version {
        self.version_override.as_ref().unwrap_or(&config.version)
    }

    pub(crate) fn pause(&mut self, now: Instant) {
        if self.is_up() {
            (self.run_state, self.paused) = (RunState::Down { since: now }, true);
        }
    }

    /// Resumes it. Returns whether it was paused.
    pub(crate) fn resume(&mut self) -> bool {
        let was_frozen = std::mem::take(&mut self.paused);
        if was_frozen {
            self.run_state = RunState::Up;
        }
        was_frozen
    }

    /// Returns when its missing heartbeats next change its status.
    pub(super) fn next_status_change(&self, now: Instant) -> Option<Instant> {
        let RunState::Down { since } = self.run_state else { return None };
        // The time must exceed the threshold.
        let changes = [OK_THRESHOLD, GRACE_PERIOD].map(|silence| since + silence + Duration::from_nanos(1));
        changes.into_iter().find(|change| *change > now)
    }

    pub(crate) fn stop(&mut self, now: Instant) {
        if !matches!(self.run_state, RunState::Down { .. }) {
            self.run_state = RunState::Down { since: now };
        }
        self.paused = false;
        self.generation += 1;
    }

    pub(crate) fn start(&mut self, now: Instant) {
        self.run_state = RunState::Up;
        self.paused = false;
        self.soft_shutdown = false;
        self.registered = true;
        self.generation += 1;
        self.reboot_id += 1;
        self.started = now;
        self.requests = Requests::default();
        self.diagnostics = Diagnostics::begin(now);
    }

    /// Updates the agency's record to `now`. The supervision does so each second while it runs.
    pub(crate) fn observe(&mut self, now: Instant) {
        let RunState::Down { since } = self.run_state else {
            return self.record(Status::Good, now, now);
        };
        let silence = now.saturating_duration_since(since);
        // A DB-Server is `BAD` for one round even if it has been unreachable for long before the first check.
        let may_fail =
            self.role == Role::Coordinator || self.status != Status::Good || silence > GRACE_PERIOD;
        if silence > GRACE_PERIOD && may_fail {
            self.record(Status::Failed, (since + GRACE_PERIOD).max(self.written), since);
        } else if silence > OK_THRESHOLD {
            self.record(Status::Bad, (since + OK_THRESHOLD).max(self.written), since);
        }
    }

    fn record(&mut self, status: Status, written: Instant, last_acked: Instant) {
        if self.status != status {
            (self.status, self.written, self.last_acked) = (status, written, last_acked);
            // The other servers then discard what it held in memory.
            self.reboot_id += u64::from(status == Status::Failed && self.role == Role::Coordinator);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinator(now: Instant) -> Server {
        Server::new(Role::Coordinator, 1, String::new(), &mut Ids::new(0), now)
    }

    #[test]
    fn a_silent_server_turns_bad_and_then_failed() {
        let start = Instant::now();
        let mut server = coordinator(start);
        server.stop(start);

        let seen: Vec<_> = [5, 6, 10, 11]
            .map(|seconds| {
                server.observe(start + Duration::from_secs(seconds));
                server.status
            })
            .into();

        assert_eq!(seen, [Status::Good, Status::Bad, Status::Bad, Status::Failed]);
    }

    #[test]
    fn the_record_is_written_only_when_it_changes() {
        let start = Instant::now();
        let mut server = coordinator(start);
        server.observe(start + Duration::from_secs(3600));
        assert_eq!(server.written, start);

        server.stop(start + Duration::from_secs(3600));
        server.observe(start + Duration::from_secs(7200));
        assert_eq!(server.written, start + Duration::from_secs(3610));
        assert_eq!(server.last_acked, start + Duration::from_secs(3600));
    }

    #[test]
    fn a_restart_and_a_failure_each_raise_the_reboot_id() {
        let start = Instant::now();
        let mut server = coordinator(start);
        server.stop(start);
        server.observe(start + Duration::from_secs(20));
        server.start(start + Duration::from_secs(30));
        server.observe(start + Duration::from_secs(30));

        assert_eq!((server.status, server.reboot_id), (Status::Good, 3));
    }
}
