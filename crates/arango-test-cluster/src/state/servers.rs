//! The servers, and what the agency believes of them.

use std::time::Duration;

use tokio::time::Instant;

use super::ids::Ids;
use super::records::{Crashes, Records};
use crate::config::Config;
use crate::version::Version;

/// Silence after which a server is no longer `GOOD`.
const OK_THRESHOLD: Duration = Duration::from_secs(5);
/// Silence after which a server is `FAILED`.
const GRACE_PERIOD: Duration = Duration::from_secs(10);

/// What a server of the cluster is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Coordinator,
    DbServer,
}

/// What the supervision thinks of a server.
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
pub(crate) enum Life {
    Up,
    /// Answers 503 to whatever is new, and ends soon.
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
    /// The version that it was started in, if not the cluster's.
    pub(crate) upgraded: Option<Version>,
    /// Where clients are told that it is, if not at its endpoint.
    pub(crate) advertised: Option<String>,
    pub(crate) life: Life,
    /// Whether it is down only because it was frozen.
    pub(crate) frozen: bool,
    /// Counts the lives of the process within the test; what began in an earlier one is never applied.
    pub(crate) generation: u64,
    pub(crate) reboot_id: u64,
    pub(crate) soft_shutdown: bool,
    /// Whether the agency has its address.
    pub(crate) registered: bool,
    pub(crate) started: Instant,
    /// The record in the agency; written only when something in it changes.
    pub(crate) status: Status,
    pub(crate) written: Instant,
    pub(crate) last_acked: Instant,
    pub(crate) requests: Requests,
    pub(crate) records: Records,
    pub(crate) crashes: Crashes,
    /// The window of maintenance that was asked for.
    pub(crate) maintenance_target: Option<Instant>,
    /// The window that the supervision has taken note of.
    pub(crate) maintenance: Option<Instant>,
}

/// How many requests of each kind a server has answered.
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
            upgraded: None,
            advertised: None,
            life: Life::Up,
            frozen: false,
            generation: 0,
            reboot_id: 1,
            soft_shutdown: false,
            registered: true,
            started: now,
            status: Status::Good,
            written: now,
            last_acked: now,
            requests: Requests::default(),
            records: Records::begin(now),
            crashes: Crashes::default(),
            maintenance_target: None,
            maintenance: None,
        }
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.id == name || self.short_name == name
    }

    pub(crate) fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// The version that it runs in.
    pub(crate) fn version<'a>(&'a self, config: &'a Config) -> &'a Version {
        self.upgraded.as_ref().unwrap_or(&config.version)
    }

    pub(crate) fn freeze(&mut self, now: Instant) {
        if self.is_up() {
            (self.life, self.frozen) = (Life::Down { since: now }, true);
        }
    }

    /// Says whether it was frozen.
    pub(crate) fn thaw(&mut self) -> bool {
        let was_frozen = std::mem::take(&mut self.frozen);
        if was_frozen {
            self.life = Life::Up;
        }
        was_frozen
    }

    /// When its silence next means something else than before.
    pub(super) fn next_verdict(&self, now: Instant) -> Option<Instant> {
        let Life::Down { since } = self.life else { return None };
        // It has to last longer than the threshold.
        let verdicts = [OK_THRESHOLD, GRACE_PERIOD].map(|silence| since + silence + Duration::from_nanos(1));
        verdicts.into_iter().find(|verdict| *verdict > now)
    }

    pub(crate) fn stop(&mut self, now: Instant) {
        if !matches!(self.life, Life::Down { .. }) {
            self.life = Life::Down { since: now };
        }
        self.frozen = false;
        self.generation += 1;
    }

    pub(crate) fn start(&mut self, now: Instant) {
        self.life = Life::Up;
        self.frozen = false;
        self.soft_shutdown = false;
        self.registered = true;
        self.generation += 1;
        self.reboot_id += 1;
        self.started = now;
        self.requests = Requests::default();
        self.records = Records::begin(now);
    }

    /// Brings the agency's record up to `now`, as the supervision does each second while it runs.
    pub(crate) fn observe(&mut self, now: Instant) {
        let Life::Down { since } = self.life else {
            return self.record(Status::Good, now, now);
        };
        let silence = now.saturating_duration_since(since);
        // A DB-Server passes through `BAD` for one round even if it was silent for long before anybody looked.
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
            // So that what lived on it is given up by the others.
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
    fn a_restart_is_seen_at_once_and_counts_as_does_the_failure_of_a_coordinator() {
        let start = Instant::now();
        let mut server = coordinator(start);
        server.stop(start);
        server.observe(start + Duration::from_secs(20));
        server.start(start + Duration::from_secs(30));
        server.observe(start + Duration::from_secs(30));

        assert_eq!((server.status, server.reboot_id), (Status::Good, 3));
    }
}
