//! Settings that can change while a client runs.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arango_balance::{Candidates, Policy, RoundRobin};
use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::call::attempt_request::AttemptRequest;
use crate::config::invalid_settings::InvalidSettings;
use crate::config::limits::Limits;
use crate::credentials::Credentials;
use crate::types::coordinator::Coordinator;

/// A policy behind a trait object.
pub(crate) type SharedPolicy = Arc<dyn Policy<Coordinator, AttemptRequest>>;

/// Settings that can change while a client runs. A call keeps the settings it began with.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) credentials: Credentials,
    pub(crate) policy: SharedPolicy,
}

impl Settings {
    /// Returns default settings for requests that belong to no call.
    pub(crate) fn untracked() -> Arc<Self> {
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

/// The current settings of a client. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedSettings(Arc<ArcSwap<Settings>>);

impl SharedSettings {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(settings)))
    }

    /// Returns the settings for a new call.
    pub(crate) fn load(&self) -> Arc<Settings> {
        self.0.load_full()
    }

    /// Changes the settings. Concurrent changes are all applied.
    pub(crate) fn change(&self, change: impl Fn(&mut Settings)) {
        self.0.rcu(|settings| {
            let mut settings = Settings::clone(settings);
            change(&mut settings);
            settings
        });
    }
}

/// A policy that delegates to the one in the call's settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerCallPolicy;

impl Policy<Coordinator, AttemptRequest> for PerCallPolicy {
    fn pick(
        &self,
        candidates: &Candidates<'_, Coordinator>,
        request: &AttemptRequest,
        now: Instant,
    ) -> Option<usize> {
        request.plan().context.settings.policy.pick(candidates, request, now)
    }
}

impl Limits {
    /// Checks that no limit is zero.
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
