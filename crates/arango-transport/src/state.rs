//! How a client is doing.

use crate::counts::CallCounts;
use crate::{CoordinatorState, Transport};

/// How a client and each of its coordinators are doing, at one moment, in plain numbers.
///
/// Each number is true by itself; they are not taken at the same instant.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientState {
    /// What was done so far.
    pub calls: CallCounts,
    /// Calls that have not ended yet.
    pub under_way: usize,
    /// How many more attempts may follow failed ones at this moment; see [`RetryPolicy`](crate::RetryPolicy).
    pub retries_left: u64,
    /// Each coordinator, as [`Transport::coordinators`] tells of them.
    pub coordinators: Vec<CoordinatorState>,
}

impl ClientState {
    /// Attempts that were sent to the coordinators that are told of, those of logins included: when one is gone, its
    /// attempts are counted no more.
    pub fn attempts(&self) -> u64 {
        self.coordinators.iter().map(|coordinator| coordinator.requests).sum()
    }
}

impl Transport {
    /// Tells how the client is doing. It reads what is counted anyway; a call pays nothing for it.
    ///
    /// ```
    /// # use arango_transport::Transport;
    /// # let transport = Transport::builder("http://one:8529,http://two:8529").build().unwrap();
    /// let state = transport.state();
    /// println!("{} answered, {} sent again", state.calls.answered, state.calls.retries);
    /// for coordinator in &state.coordinators {
    ///     println!("{}: {:?}", coordinator.address, coordinator.standing);
    /// }
    /// ```
    pub fn state(&self) -> ClientState {
        ClientState {
            calls: self.counts().read(),
            under_way: self.under_way(),
            retries_left: self.retries_left(),
            coordinators: self.coordinators(),
        }
    }
}
