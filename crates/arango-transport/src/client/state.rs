//! The state of a client.

use arango_balance::StateChanges;
use tokio::time::Instant;

use crate::call::counts::{CallCounts, CallTotals};
use crate::client::coordinator_state::CoordinatorState;
use crate::client::transport::Transport;
use crate::types::coordinator::Coordinator;

/// The state of a client and its coordinators at one moment.
///
/// It includes the state of each coordinator. The numbers are not read at the same instant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientState {
    /// Counters since the client was built.
    pub calls: CallCounts,
    /// Calls that have not ended yet; one whose response is streamed has ended for this number with its head.
    pub in_progress: usize,
    /// The number of retries that the budget allows at this moment.
    ///
    /// See [`RetryPolicy`](crate::RetryPolicy).
    pub retries_left: u64,
    /// The state of each coordinator, as returned by [`Transport::coordinators`].
    pub coordinators: Vec<CoordinatorState>,
}

impl ClientState {
    /// Returns the number of attempts sent to the coordinators listed, including logins.
    ///
    /// When a coordinator is removed, its attempts are no longer counted.
    pub fn attempts(&self) -> u64 {
        self.coordinators.iter().map(|coordinator| coordinator.requests).sum()
    }
}

impl Transport {
    /// Returns the state of the client.
    ///
    /// It reads existing counters, so calls have no extra cost.
    ///
    /// ```
    /// # use arango_transport::Transport;
    /// # let transport = Transport::builder("http://one:8529,http://two:8529").build().unwrap();
    /// let state = transport.state();
    /// println!("{} answered, {} retries", state.calls.succeeded, state.calls.retries);
    /// for coordinator in &state.coordinators {
    ///     println!("{}: {:?}", coordinator.address, coordinator.state);
    /// }
    /// ```
    pub fn state(&self) -> ClientState {
        ClientState {
            calls: self.counts().snapshot(),
            in_progress: self.in_progress(),
            retries_left: self.retries_left(),
            coordinators: self.coordinators(),
        }
    }

    /// Subscribes to state changes of the coordinators from now on.
    ///
    /// These are ejections, draining and recoveries, with time and reason.
    ///
    /// The subscription does not keep the client open and does not block calls.
    pub fn subscribe(&self) -> StateChanges<Coordinator> {
        self.0.members.subscribe()
    }

    pub(crate) fn counts(&self) -> &CallTotals {
        &self.0.retry.counts
    }

    pub(crate) fn in_progress(&self) -> usize {
        self.0.lifecycle.in_progress()
    }

    pub(crate) fn retries_left(&self) -> u64 {
        self.0.retry.budget.remaining(Instant::now())
    }
}
