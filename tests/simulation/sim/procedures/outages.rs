//! Which servers have been away, and since when the cluster has known it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango::cluster::{ServerId, ServerRole};
use arango_test_cluster::TestCluster;

use super::super::trace::Trace;

/// After so long without a heartbeat a server is no longer good.
const NOTICED_AFTER: Duration = Duration::from_millis(5_200);
/// The same after an agency that was away has come back.
const NOTICED_AFTER_AGENCY: Duration = Duration::from_millis(6_200);

/// One server that was away.
#[derive(Debug, Clone)]
struct Outage {
    server: ServerId,
    /// From then on health says so.
    noticed: Duration,
    until: Option<Duration>,
}

/// The truth about the servers of a world, and what stops and starts them.
pub(crate) struct Outages<'a> {
    cluster: &'a TestCluster,
    trace: &'a Trace,
    past: Mutex<Past>,
}

#[derive(Default)]
struct Past {
    outages: Vec<Outage>,
    /// Is being restarted on purpose, or was stopped for good: nothing else happens to it.
    reserved: Vec<ServerId>,
}

impl<'a> Outages<'a> {
    pub(crate) fn new(cluster: &'a TestCluster, trace: &'a Trace) -> Self {
        Self { cluster, trace, past: Mutex::default() }
    }

    /// Ends or freezes a server, if it runs and nothing else is done to it. Says whether it did.
    pub(crate) fn begin(&self, server: &ServerId, is_frozen: bool) -> bool {
        let mut past = self.lock();
        let is_away = past.outages.iter().any(|one| one.server == *server && one.until.is_none());
        if is_away || past.reserved.contains(server) {
            return false;
        }
        let noticed = self.trace.now() + NOTICED_AFTER;
        past.outages.push(Outage { server: server.clone(), noticed, until: None });
        drop(past);
        self.trace.note(format_args!("{server} AWAY frozen {is_frozen}"));
        match place(self.cluster, server) {
            (ServerRole::Coordinator, index) => self.cluster.coordinator(index).kill(),
            (_, index) if is_frozen => self.cluster.pause_db_server(index),
            (_, index) => self.cluster.stop_db_server(index),
        }
        true
    }

    /// Has a server that is away run again.
    pub(crate) async fn end(&self, server: &ServerId, is_frozen: bool) {
        if !self.close(server) {
            return;
        }
        self.trace.note(format_args!("{server} RETURNS"));
        match place(self.cluster, server) {
            (ServerRole::DbServer, index) if is_frozen => self.cluster.resume_db_server(index),
            _ => start(self.cluster, server).await,
        }
    }

    /// Notes that somebody else takes care of a server from now on; it is away no longer for another reason.
    pub(crate) fn reserve(&self, server: &ServerId) {
        self.close(server);
        self.lock().reserved.push(server.clone());
    }

    pub(crate) fn release(&self, server: &ServerId) {
        self.lock().reserved.retain(|one| one != server);
    }

    /// Notes that the agency, which was away, is back: nobody has noticed anything meanwhile.
    pub(crate) fn agency_is_back(&self) {
        let now = self.trace.now();
        for one in self.lock().outages.iter_mut().filter(|one| one.until.is_none()) {
            one.noticed = one.noticed.max(now + NOTICED_AFTER_AGENCY);
        }
    }

    /// Those servers that were away at `at`, and known to be for longer than `valid_for`.
    pub(crate) fn lost(&self, at: Duration, valid_for: Duration) -> Vec<ServerId> {
        let past = self.lock();
        let lost = past
            .outages
            .iter()
            .filter(|one| one.noticed + valid_for < at && one.until.is_none_or(|until| at <= until));
        lost.map(|one| one.server.clone()).collect()
    }

    /// Has everything run again that is away and not reserved.
    pub(crate) async fn heal(&self) {
        let away: Vec<_> = self.lock().outages.iter().filter(|one| one.until.is_none()).cloned().collect();
        for one in away {
            self.end(&one.server, false).await;
        }
    }

    fn close(&self, server: &ServerId) -> bool {
        let now = self.trace.now();
        let mut past = self.lock();
        let open = past.outages.iter_mut().find(|one| one.server == *server && one.until.is_none());
        open.map(|one| one.until = Some(now)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The role of a server and its index among those of its role.
pub(crate) fn place(cluster: &TestCluster, server: &ServerId) -> (ServerRole, usize) {
    let coordinator = cluster.coordinators().iter().position(|one| one.id() == server.as_str());
    if let Some(index) = coordinator {
        return (ServerRole::Coordinator, index);
    }
    let index = cluster.db_server_ids().iter().position(|one| one == server.as_str());
    (ServerRole::DbServer, index.expect("the cluster has such a server"))
}

/// Ends the process of a server.
pub(crate) fn stop(cluster: &TestCluster, server: &ServerId) {
    match place(cluster, server) {
        (ServerRole::Coordinator, index) => cluster.coordinator(index).kill(),
        (_, index) => cluster.stop_db_server(index),
    }
}

/// Begins the process of a server that was ended.
pub(crate) async fn start(cluster: &TestCluster, server: &ServerId) {
    match place(cluster, server) {
        (ServerRole::Coordinator, index) => {
            let restarted = cluster.coordinator(index).restart().await;
            restarted.expect("a coordinator in memory needs no port");
        }
        (_, index) => cluster.start_db_server(index),
    }
}
