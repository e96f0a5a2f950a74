//! Executes requests: at once, over some time, in the background, or late.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::admission::{self, AdmissionContext};
use crate::api::{self, Call, Outcome};
use crate::faults::active_faults::ExecutionFaults;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::journal::EntryId;
use crate::server::handler::Handler;
use crate::server::transaction_lease::TransactionLease;
use crate::state::State;
use crate::state::auth::Caller;
use crate::state::diagnostics::ApiCall;
use crate::state::servers::RunState;

impl Handler {
    /// Executes a request. `None` if the process ended before it was applied.
    pub(super) async fn execute(
        &self,
        request: &Request,
        entry: EntryId,
        generation: u64,
        faults: &ExecutionFaults,
    ) -> Option<Reply> {
        // Released when the request has its reply.
        let _lease = TransactionLease::prepare(&self.coordinator, request, entry);
        match self.apply(request, entry, generation, faults)? {
            Outcome::Now(reply) => Some(reply),
            Outcome::Wait { every, mut check } => loop {
                sleep(every).await;
                let mut state = self.coordinator.cluster.state();
                let now = state.clock.now();
                state.advance(now);
                if state.coordinators[self.coordinator.index].generation != generation {
                    return None;
                }
                let before = state.changes;
                let reply = check(&mut state);
                let changes = state.changes - before;
                self.coordinator.cluster.journal.record_changes(entry, request.marker(), changes);
                if reply.is_some() {
                    return reply;
                }
            },
            Outcome::Stop { reply, every, may, after } => {
                // Not awaited: the response is sent first, and the process ends later.
                tokio::spawn(self.clone().stop(every, may, after, generation));
                Some(reply)
            }
            Outcome::Background { id, reply } => {
                let mut request = request.clone();
                request.headers.remove("x-arango-async");
                // Not awaited: the result is fetched later by its id, if it has one.
                tokio::spawn(self.clone().run_in_background(id, request, entry, generation));
                Some(reply)
            }
        }
    }

    /// Executes the late copies of a request. Their responses are dropped.
    pub(super) fn execute_late(
        &self,
        request: &Request,
        faults: &ExecutionFaults,
        entry: EntryId,
        generation: u64,
    ) {
        for delay in faults.late_copies.clone() {
            let (handler, request) = (self.clone(), request.clone());
            // Not awaited: the first copy has its response long before.
            tokio::spawn(async move {
                sleep(delay).await;
                handler.execute(&request, entry, generation, &ExecutionFaults::default()).await;
            });
        }
    }

    /// Ends the process when `may` allows it, unless it has ended before.
    async fn stop(self, every: Duration, may: fn(&State, usize) -> bool, after: Duration, generation: u64) {
        let coordinator = &self.coordinator;
        let is_same_process = || coordinator.process.current().generation == generation;
        let may_end = || {
            let mut state = coordinator.cluster.state();
            let now = state.clock.now();
            state.advance(now);
            may(&state, coordinator.index)
        };
        sleep(every).await;
        while is_same_process() && !may_end() {
            sleep(every).await;
        }
        sleep(after).await;
        if is_same_process() {
            coordinator.kill();
        }
    }

    /// The future is boxed because it is recursive.
    fn run_in_background(
        self,
        id: Option<u64>,
        request: Request,
        entry: EntryId,
        generation: u64,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let result = self.execute(&request, entry, generation, &ExecutionFaults::default()).await;
            if let (Some(id), Some(result)) = (id, result) {
                self.coordinator.cluster.state().async_jobs.finish(id, result);
            }
        })
    }

    /// Refuses or applies the request, at one instant.
    fn apply(
        &self,
        request: &Request,
        entry: EntryId,
        generation: u64,
        faults: &ExecutionFaults,
    ) -> Option<Outcome> {
        let shared = &self.coordinator.cluster;
        let index = self.coordinator.index;
        let mut state = shared.state();
        let now = state.clock.now();
        state.advance(now);
        let server = &mut state.coordinators[index];
        if server.generation != generation || matches!(server.run_state, RunState::Down { .. }) {
            return None;
        }
        server.requests.count(&request.method);
        let version = server.version(&shared.config).clone();
        let context = AdmissionContext { config: &shared.config, version: &version, index };
        let before = state.changes;
        let admitted = admission::admit(&state, context, request);
        let outcome = match admitted {
            Err(reply) => Outcome::Now(*reply),
            Ok((request, caller)) => {
                if caller == Caller::Superuser {
                    state.coordinators[index].requests.superuser += 1;
                }
                let mut call = Call {
                    state: &mut state,
                    config: &shared.config,
                    version: &version,
                    index,
                    caller: &caller,
                    request: &request,
                    entry,
                    faults,
                    transaction: None,
                };
                if let Some(outcome) = admission::background(&mut call) {
                    outcome
                } else {
                    shared.journal.record_executed(entry, request.marker());
                    let record = ApiCall {
                        at: call.state.current_time,
                        method: request.method.clone(),
                        path: request.path.clone(),
                        database: request.database.clone(),
                    };
                    call.state.coordinators[index].diagnostics.record_call(record);
                    if faults.repeats_write { api::handle_twice(&mut call) } else { api::handle(&mut call) }
                }
            }
        };
        shared.journal.record_changes(entry, request.marker(), state.changes - before);
        Some(outcome)
    }
}
