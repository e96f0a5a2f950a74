//! Injects the faults of a phase.

use arango_test_cluster::{Fault, FaultGuard, Match, Phase as RequestPhase, TestCluster};
use tokio::time::sleep_until;

use super::calls::Recorder;
use super::network::SourceMode;
use super::phase::Phase;
use super::setting::{FaultSetting, Trouble};

impl Phase<'_> {
    /// Injects the faults when it is their time, and then waits for ever.
    pub(crate) async fn inject(
        &self,
        cluster: &TestCluster,
        recorder: &Recorder,
        guards: &mut Vec<FaultGuard>,
    ) {
        let mut faults: Vec<&FaultSetting> = self.plan.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        for fault in faults {
            sleep_until(recorder.moment(fault.at)).await;
            recorder.note(&format!("FAULT {:?} at k{}", fault.what, fault.coordinator));
            self.inject_one(cluster, fault, guards);
        }
        std::future::pending::<()>().await;
    }

    fn inject_one(&self, cluster: &TestCluster, fault: &FaultSetting, guards: &mut Vec<FaultGuard>) {
        let coordinator = cluster.coordinator(fault.coordinator);
        let everywhere = |fault: Fault| {
            let each = cluster.coordinators().iter();
            each.map(|one| one.inject(fault.clone())).collect::<Vec<_>>()
        };
        let logins = || Match::post("/_open/auth");
        let mut state = self.network.state();
        match fault.what {
            Trouble::Kill => coordinator.kill(),
            Trouble::Pause => coordinator.pause(),
            Trouble::ConnectsHang => state.hanging.push(fault.coordinator),
            Trouble::ConnectsTake(delay) => state.delay = delay,
            Trouble::Latency(delay) => guards.push(coordinator.inject(Fault::latency(delay))),
            Trouble::WritesClosed => {
                let writes = Match::post("/_api/document/*");
                guards.push(coordinator.inject(Fault::close(RequestPhase::AfterExecution).on(writes)));
            }
            Trouble::LoginsHang => {
                state.source = SourceMode::Hangs;
                guards.extend(everywhere(Fault::hang().on(logins())));
            }
            Trouble::LoginsTake(delay) => {
                state.source = SourceMode::Takes(delay);
                guards.extend(everywhere(Fault::latency(delay).on(logins())));
            }
            Trouble::SourcePanics => state.source = SourceMode::Panics,
            Trouble::ProbesHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_admin/server/availability"))));
            }
            Trouble::ListsHang => {
                guards.extend(everywhere(Fault::hang().on(Match::get("/_api/cluster/endpoints"))));
            }
        }
    }
}
