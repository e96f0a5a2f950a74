//! What may change while a client runs.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arango_balance::{Candidates, Policy, RoundRobin};
use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::stack::SharedPolicy;
use crate::{Coordinator, Credentials, InvalidSettings, Limits, Outgoing};

/// What may change while a client runs. A call keeps what it began with, to its last attempt.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) credentials: Credentials,
    pub(crate) policy: SharedPolicy,
}

impl Settings {
    /// Those of what is no call, where nobody reads them.
    pub(crate) fn of_no_call() -> Arc<Self> {
        static NONE: LazyLock<Arc<Settings>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }
}

impl Default for Settings {
    fn default() -> Self {
        let policy = Arc::new(RoundRobin::default());
        Self { limits: Limits::default(), credentials: Credentials::none(), policy }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("limits", &self.limits)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// The settings as they are now. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live(Arc<ArcSwap<Settings>>);

impl Live {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(settings)))
    }

    /// The settings that a call begins with.
    pub(crate) fn now(&self) -> Arc<Settings> {
        self.0.load_full()
    }

    /// Changes some of them; two changes at once are both made.
    pub(crate) fn change(&self, change: impl Fn(&mut Settings)) {
        self.0.rcu(|settings| {
            let mut settings = Settings::clone(settings);
            change(&mut settings);
            settings
        });
    }
}

/// The policy that a call began with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfTheCall;

impl Policy<Coordinator, Outgoing> for OfTheCall {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        request: &Outgoing,
        now: Instant,
    ) -> Option<usize> {
        request.plan().record.settings.policy.pick(candidates, request, now)
    }
}

impl Limits {
    /// Finds out whether requests can be sent within these limits.
    pub(crate) fn check(&self) -> Result<(), InvalidSettings> {
        let zeros = [
            ("connect", self.connect.is_zero()),
            ("attempt", self.attempt.is_zero()),
            ("total", self.total.is_zero()),
            ("body_idle", self.body_idle.is_zero()),
            ("body_bytes", self.body_bytes == 0),
            ("queue", self.queue.is_some_and(|queue| queue.is_zero())),
        ];
        match zeros.into_iter().find(|(_, zero)| *zero) {
            Some((name, _)) => Err(InvalidSettings::Zero { name }),
            None => Ok(()),
        }
    }
}
