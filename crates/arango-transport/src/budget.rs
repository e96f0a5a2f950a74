//! How much may be sent again, over all calls of a client.
//!
//! When a cluster is overloaded each call fails and is sent again, which is what overloads it. So what
//! is sent again is paid for by what is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower::retry::budget::{Budget as _, TpsBudget};

use crate::failed_attempt::{Attempt, Phase};

/// Over what time is counted.
const WINDOW: Duration = Duration::from_secs(10);
/// Further attempts a second that are always allowed.
const RESERVE: u32 = 3;
/// Further attempts for each call.
const SHARE: f32 = 0.2;

/// The budget of a client. Clones draw on the same one.
#[derive(Clone)]
pub(crate) struct Budget(Arc<TpsBudget>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(TpsBudget::new(WINDOW, RESERVE, SHARE)))
    }

    /// Pays in for a call.
    pub(crate) fn deposit(&self) {
        self.0.deposit();
    }

    /// Pays for sending again what `attempt` failed to do; `false` if there is nothing left.
    ///
    /// What never reached a server cost it nothing, and costs nothing here.
    pub(crate) fn withdraw(&self, attempt: &Attempt) -> bool {
        attempt.phase < Phase::Sent || self.0.withdraw()
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")
    }
}
