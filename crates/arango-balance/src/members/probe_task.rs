//! Background probes of members that are ejected, overloaded, draining or suspect.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::health::probe_result::ProbeResult;
use crate::members::member::{Member, WeakMember};
use crate::members::set::Set;

type ProbeFuture = Pin<Box<dyn Future<Output = ProbeResult> + Send>>;

/// The probe of a set.
pub(crate) struct Probe<K>(Arc<dyn Fn(Member<K>) -> ProbeFuture + Send + Sync>);

impl<K> Probe<K> {
    pub(crate) fn new<F, Fut>(probe: F) -> Self
    where
        F: Fn(Member<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ProbeResult> + Send + 'static,
    {
        Self(Arc::new(move |member| Box::pin(probe(member))))
    }
}

impl<K> fmt::Debug for Probe<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

impl<K: Clone + Send + Sync + 'static> Set<K> {
    /// Ensures that each `degraded` member whose next probe is due at some time has a task that runs it.
    ///
    /// Called with each request as long as a member is degraded, rather than once when its state begins: there may be
    /// no runtime then, or the runtime of the task may have been shut down since.
    pub(crate) fn ensure_probes(self: &Arc<Self>, list: &[Member<K>], degraded: &[usize], now: Instant) {
        if self.probes_ended.load(Ordering::Relaxed) {
            return;
        }
        for member in degraded.iter().map(|&index| &list[index]) {
            let Some(due) = member.next_probe() else { continue };
            let is_running = member.probe().as_ref().is_some_and(|task| !task.is_finished());
            if !is_running || now > due {
                self.ensure_probe(member, due, now);
            }
        }
    }

    /// Ensures that this member has a task that runs its probe, unless that is far overdue.
    #[cold]
    fn ensure_probe(self: &Arc<Self>, member: &Member<K>, due: Instant, now: Instant) {
        // Later than a running task could be.
        let overdue = now > due + self.policy.probe_timeout * 2;
        if now > due + self.policy.probe_timeout * 2 + self.policy.max_ejection_time {
            // If probes never end the member must not stay ejected forever.
            self.record_probe(member, due, None, now);
            return;
        }
        let mut probe = member.probe();
        let is_running = probe.as_ref().is_some_and(|task| !task.is_finished());
        if is_running && !overdue {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        if let Some(stuck) = probe.take() {
            stuck.abort();
        }
        let task: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(probe_until_healthy(Arc::downgrade(self), member.downgrade()));
        *probe = Some(runtime.spawn(task).abort_handle());
    }
}

/// Probes the member each time a probe is due, until none is.
///
/// The task keeps neither the set nor the member alive while it sleeps.
async fn probe_until_healthy<K: Clone>(set: Weak<Set<K>>, member: WeakMember<K>) {
    loop {
        let due = || member.upgrade().and_then(|member| member.next_probe());
        let Some(until) = due() else { return };
        sleep_until(until).await;
        if due() != Some(until) {
            continue; // The probe was postponed.
        }
        let probe = match (set.upgrade(), member.upgrade()) {
            (Some(set), Some(member)) => {
                let probe = set.probe.as_ref();
                probe.map(|probe| timeout(set.policy.probe_timeout, (probe.0)(member)))
            }
            _ => return,
        };
        let result = match probe {
            None => None,
            Some(probe) => Some(probe.await.unwrap_or(ProbeResult::TimedOut)),
        };
        let (Some(set), Some(member)) = (set.upgrade(), member.upgrade()) else { return };
        set.record_probe(&member, until, result, Instant::now());
    }
}
