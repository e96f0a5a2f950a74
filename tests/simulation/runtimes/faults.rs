//! Injects the faults of a phase.

use arango_test_cluster::{Fault, FaultGuard, Match, Phase as RequestPhase, TestCluster};
use tokio::time::sleep_until;

use super::calls::Recorder;
use super::network::SourceMode;
use super::phase::Phase;
use super::scenario::{FaultKind, PlannedFault};

impl Phase<'_> {
    /// Injects each fault at its time, and then waits forever.
    pub(crate) async fn inject(
        &self,
        cluster: &TestCluster,
        recorder: &Recorder,
        guards: &mut Vec<FaultGuard>,
    ) {
        let mut faults: Vec<&PlannedFault> = self.plan.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        for fault in faults {
            sleep_until(recorder.moment(fault.at)).await;
            recorder.log(&format!("FAULT {:?} at k{}", fault.kind, fault.coordinator));
            self.inject_one(cluster, fault, guards);
        }
        std::future::pending::<()>().await;
    }

    fn inject_one(&self, cluster: &TestCluster, fault: &PlannedFault, guards: &mut Vec<FaultGuard>) {
        let coordinator = cluster.coordinator(fault.coordinator);
        let everywhere = |fault: Fault| {
            let each = cluster.coordinators().iter();
            each.map(|one| one.inject(fault.clone())).collect::<Vec<_>>()
        };
        let logins = || Match::post("/_open/auth");
        let mut state = self.network.state();
        match fault.kind {
            FaultKind::Kill => coordinator.kill(),
            FaultKind::Pause => coordinator.pause(),
            FaultKind::ConnectsHang => state.hanging.push(fault.coordinator),
            FaultKind::ConnectsTake(delay) => state.delay = delay,
            FaultKind::Latency(delay) => guards.push(coordinator.inject(Fault::latency(delay))),
            FaultKind::WritesClosed => {
                let writes = Match::post("/_api/document/*");
                guards.push(coordinator.inject(Fault::close(RequestPhase::AfterExecution).on(writes)));
            }
            FaultKind::LoginsHang => {
                state.source = SourceMode::Hangs;
                guards.extend(everywhere(Fault::hang().on(logins())));
            }
            FaultKind::LoginsTake(delay) => {
                state.source = SourceMode::Delays(delay);
                guards.extend(everywhere(Fault::latency(delay).on(logins())));
            }
            FaultKind::SourcePanics => state.source = SourceMode::Panics,
            FaultKind::ProbesHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_admin/server/availability"))));
            }
            FaultKind::ListsHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_api/cluster/endpoints"))));
            }
        }
    }
}
