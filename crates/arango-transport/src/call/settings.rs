//! What a call takes from its client: settings that can change while the client runs.

use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::call::untracked_requests::UntrackedRequests;
use crate::config::invalid_settings::InvalidSettings;
use crate::config::limits::Limits;
use crate::credentials::Credentials;

/// Settings that can change while a client runs. A call keeps the settings it began with.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) credentials: Credentials,
    /// Requests that middleware created. All settings of a client share the count, which each call compares.
    pub(crate) untracked: UntrackedRequests,
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
        Self {
            limits: Limits::default(),
            credentials: Credentials::none(),
            untracked: UntrackedRequests::default(),
        }
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
///
/// Each call counts its pointer to them anyway, so a lock that is rarely written costs less than a lock-free pointer.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedSettings(Arc<RwLock<Arc<Settings>>>);

impl SharedSettings {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// Returns the settings for a new call.
    pub(crate) fn load(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the settings. Concurrent changes are all applied.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut new = Settings::clone(&current);
        change(&mut new);
        let old = std::mem::replace(&mut *current, Arc::new(new));
        // Not under the lock: dropping credentials runs code of the program.
        drop(current);
        drop(old);
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
