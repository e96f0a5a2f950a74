//! Records which servers have been down, and since when the cluster has known it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango::cluster::{ServerId, ServerRole};
use arango_test_cluster::TestCluster;

use super::super::trace::Trace;

/// Time without a heartbeat after which health no longer reports a server as good.
const DETECTED_AFTER: Duration = Duration::from_millis(5_200);
/// The same, counted from the end of an agency outage.
const DETECTED_AFTER_AGENCY_OUTAGE: Duration = Duration::from_millis(6_200);

/// One outage of a server.
#[derive(Debug, Clone)]
struct Outage {
    server: ServerId,
    /// When health begins to report it.
    detected_at: Duration,
    until: Option<Duration>,
}

/// Starts and ends outages of servers, and records them.
pub(crate) struct Outages<'a> {
    cluster: &'a TestCluster,
    trace: &'a Trace,
    history: Mutex<OutageHistory>,
}

#[derive(Default)]
struct OutageHistory {
    outages: Vec<Outage>,
    /// Servers that are being restarted on purpose, or were stopped for good. They have no other outages.
    reserved: Vec<ServerId>,
}

impl<'a> Outages<'a> {
    pub(crate) fn new(cluster: &'a TestCluster, trace: &'a Trace) -> Self {
        Self { cluster, trace, history: Mutex::default() }
    }

    /// Kills or freezes a server, if it runs and is not reserved. Returns whether it did.
    pub(crate) fn begin(&self, server: &ServerId, is_frozen: bool) -> bool {
        let mut history = self.lock();
        let is_down = history.outages.iter().any(|one| one.server == *server && one.until.is_none());
        if is_down || history.reserved.contains(server) {
            return false;
        }
        let detected_at = self.trace.now() + DETECTED_AFTER;
        history.outages.push(Outage { server: server.clone(), detected_at, until: None });
        drop(history);
        self.trace.log(format_args!("{server} DOWN frozen {is_frozen}"));
        match role_and_index(self.cluster, server) {
            (ServerRole::Coordinator, index) => self.cluster.coordinator(index).kill(),
            (_, index) if is_frozen => self.cluster.pause_db_server(index),
            (_, index) => self.cluster.stop_db_server(index),
        }
        true
    }

    /// Ends the outage of a server.
    pub(crate) async fn end(&self, server: &ServerId, is_frozen: bool) {
        if !self.end_outage(server) {
            return;
        }
        self.trace.log(format_args!("{server} RETURNS"));
        match role_and_index(self.cluster, server) {
            (ServerRole::DbServer, index) if is_frozen => self.cluster.resume_db_server(index),
            _ => start(self.cluster, server).await,
        }
    }

    /// Reserves a server for the procedure, and ends its outage.
    pub(crate) fn reserve(&self, server: &ServerId) {
        self.end_outage(server);
        self.lock().reserved.push(server.clone());
    }

    pub(crate) fn release(&self, server: &ServerId) {
        self.lock().reserved.retain(|one| one != server);
    }

    /// Records the end of an agency outage, during which no outage of a server was detected.
    pub(crate) fn record_agency_recovery(&self) {
        let now = self.trace.now();
        for one in self.lock().outages.iter_mut().filter(|one| one.until.is_none()) {
            one.detected_at = one.detected_at.max(now + DETECTED_AFTER_AGENCY_OUTAGE);
        }
    }

    /// Returns the servers that were down at `at`, and had been known to be for longer than `valid_for`.
    pub(crate) fn known_outages(&self, at: Duration, valid_for: Duration) -> Vec<ServerId> {
        let history = self.lock();
        let outages = history
            .outages
            .iter()
            .filter(|one| one.detected_at + valid_for < at && one.until.is_none_or(|until| at <= until));
        outages.map(|one| one.server.clone()).collect()
    }

    /// Ends all outages.
    pub(crate) async fn heal(&self) {
        let down: Vec<_> = self.lock().outages.iter().filter(|one| one.until.is_none()).cloned().collect();
        for one in down {
            self.end(&one.server, false).await;
        }
    }

    fn end_outage(&self, server: &ServerId) -> bool {
        let now = self.trace.now();
        let mut history = self.lock();
        let open = history.outages.iter_mut().find(|one| one.server == *server && one.until.is_none());
        open.map(|one| one.until = Some(now)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, OutageHistory> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the role of a server and its index within the role.
pub(crate) fn role_and_index(cluster: &TestCluster, server: &ServerId) -> (ServerRole, usize) {
    let coordinator = cluster.coordinators().iter().position(|one| one.id() == server.as_str());
    if let Some(index) = coordinator {
        return (ServerRole::Coordinator, index);
    }
    let index = cluster.db_server_ids().iter().position(|one| one == server.as_str());
    (ServerRole::DbServer, index.expect("the cluster has such a server"))
}

/// Stops the process of a server.
pub(crate) fn stop(cluster: &TestCluster, server: &ServerId) {
    match role_and_index(cluster, server) {
        (ServerRole::Coordinator, index) => cluster.coordinator(index).kill(),
        (_, index) => cluster.stop_db_server(index),
    }
}

/// Starts the process of a stopped server.
pub(crate) async fn start(cluster: &TestCluster, server: &ServerId) {
    match role_and_index(cluster, server) {
        (ServerRole::Coordinator, index) => {
            let restarted = cluster.coordinator(index).restart().await;
            restarted.expect("a coordinator in memory needs no port");
        }
        (_, index) => cluster.start_db_server(index),
    }
}
