//! Asking a member that is out or spared whether it is well, in the background.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Member;
use crate::change::Reason;
use crate::health::ProbeOutcome;
use crate::member::WeakMember;
use crate::members::Set;

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeResult {
    /// It says that it takes requests: it is on trial if it was ejected, and well if it was not. One that is about to go
    /// by its own word is back; one of which [others say so](Member::send_away), or that says so again after that, is none
    /// the less about to go.
    Available,
    /// It answers, but takes no requests yet, or too many: it stays as it is for a term no longer than the last.
    Unavailable,
    /// It cannot be reached. If it was ejected it stays out, for longer, and if it was about to go it is ejected: it has
    /// gone. If it was overloaded, requests will tell.
    Unreachable,
    /// Nothing was heard in time. If it was ejected it stays out, for longer; if not, requests will tell.
    TimedOut,
    /// Something answers that is not the service that is expected: it is ejected, unless it is the only member, and stays
    /// out for longer each time. If it was about to go this shows nothing.
    Unrecognized,
    /// Something answers, but says nothing of whether it takes requests. If it was ejected it is on trial; that one which
    /// was about to go is back is not shown by it.
    Inconclusive,
}

type ProbeFuture = Pin<Box<dyn Future<Output = ProbeResult> + Send>>;

/// How a member is asked.
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
    /// Sees to it that each member with a term, who is `apart`, has a task that will end it.
    ///
    /// Asked with every request as long as something is wrong, rather than once when the term begins:
    /// the runtime that ran a task may be gone, and so may be the one the term began on.
    pub(crate) fn ensure_probes(self: &Arc<Self>, list: &[Member<K>], apart: &[usize], now: Instant) {
        if self.probes_ended.load(Ordering::Relaxed) {
            return;
        }
        for member in apart.iter().map(|&place| &list[place]) {
            let Some(until) = member.health().next_probe() else { continue };
            // Longer than a task that is alive could be late by.
            let overdue = now > until + self.policy.probe_timeout * 2;
            if now > until + self.policy.probe_timeout * 2 + self.policy.max_ejection_time {
                // Whatever keeps the probes from ending must not keep the member out for ever.
                self.record_probe(member, until, Reason::Expired, ProbeOutcome::NotProbed, now);
                continue;
            }
            let mut probe = member.probe();
            let alive = probe.as_ref().is_some_and(|task| !task.is_finished());
            if alive && !overdue {
                continue;
            }
            let Ok(runtime) = Handle::try_current() else { return };
            if let Some(stuck) = probe.take() {
                stuck.abort();
            }
            *probe = Some(
                runtime.spawn(probe_until_healthy(Arc::downgrade(self), member.downgrade())).abort_handle(),
            );
        }
    }
}

/// Probes the member at the end of each term until it has none.
///
/// Neither the set nor the member is kept alive by the task while it sleeps.
async fn probe_until_healthy<K: Clone>(set: Weak<Set<K>>, member: WeakMember<K>) {
    loop {
        let due = || member.upgrade().and_then(|member| member.health().next_probe());
        let Some(until) = due() else { return };
        sleep_until(until).await;
        if due() != Some(until) {
            continue; // It was prolonged.
        }
        let asked = match (set.upgrade(), member.upgrade()) {
            (Some(set), Some(member)) => {
                let probe = set.probe.as_ref();
                probe.map(|probe| timeout(set.policy.probe_timeout, (probe.0)(member)))
            }
            _ => return,
        };
        let (found, why) = match asked {
            None => (ProbeOutcome::NotProbed, Reason::Expired),
            Some(asked) => {
                let probed = asked.await.unwrap_or(ProbeResult::TimedOut);
                (ProbeOutcome::from(probed), Reason::Probe(probed))
            }
        };
        let (Some(set), Some(member)) = (set.upgrade(), member.upgrade()) else { return };
        set.record_probe(&member, until, why, found, Instant::now());
    }
}

impl From<ProbeResult> for ProbeOutcome {
    fn from(probed: ProbeResult) -> Self {
        match probed {
            ProbeResult::Available => Self::Available,
            ProbeResult::Unavailable => Self::Unavailable,
            ProbeResult::Unreachable => Self::Unreachable,
            ProbeResult::TimedOut => Self::TimedOut,
            ProbeResult::Unrecognized => Self::Unrecognized,
            ProbeResult::Inconclusive => Self::Inconclusive,
        }
    }
}
