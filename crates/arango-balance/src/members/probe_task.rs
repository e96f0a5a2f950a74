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
use crate::members::probe_handle::ProbeHandle;
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
            let is_running = member.probe().as_ref().is_some_and(ProbeHandle::is_running);
            if !is_running || now > due {
                self.ensure_probe(member, due, now);
            }
        }
    }

    /// Ensures that this member has a task that runs its probe, unless tasks have failed to do so for long.
    #[cold]
    fn ensure_probe(self: &Arc<Self>, member: &Member<K>, due: Instant, now: Instant) {
        // Longer than a task that runs could need.
        let stuck_after = self.policy.probe_timeout * 2;
        let runtime = Handle::try_current();
        let mut probe = member.probe();
        // Again, within the lock: a concurrent `stop_probes` either finds the task, or is seen here.
        if self.probes_ended.load(Ordering::Relaxed) {
            return;
        }
        let tried_since = probe.as_ref().and_then(|task| task.tried_since(due));
        // Without a runtime there can be no task.
        let tried_since = tried_since.or_else(|| runtime.is_err().then_some(due));
        if tried_since.is_some_and(|since| now > since + stuck_after + self.policy.max_ejection_time) {
            drop(probe);
            // If probes never end the member must not stay ejected forever.
            self.record_probe(member, due, None, now);
            return;
        }
        let running = probe.as_ref().filter(|task| task.is_running());
        if running.is_some_and(|task| now <= task.running_since(due) + stuck_after) {
            return;
        }
        let Ok(runtime) = runtime else { return };
        if let Some(stuck) = &*probe {
            stuck.abort();
        }
        let task: Pin<Box<dyn Future<Output = ()> + Send>> =
            Box::pin(probe_until_healthy(Arc::downgrade(self), member.downgrade()));
        *probe = Some(ProbeHandle::new(runtime.spawn(task).abort_handle(), due, now, tried_since));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::{Builder, Handle};
    use tokio::time::sleep;

    use super::*;
    use crate::health::signal::Signal;
    use crate::health::state::MemberState;
    use crate::members::set::Members;
    use crate::members::timing::Timing;
    use crate::pick::route::Route;
    use crate::policy::round_robin::RoundRobin;

    const SECOND: Duration = Duration::from_secs(1);

    /// Returns two members, whose probes have this result, and the first of them, which is ejected at `now`.
    fn with_ejected(result: ProbeResult, now: Instant) -> (Members<&'static str>, Member<&'static str>) {
        let members = Members::builder().probe(move |_| async move { result }).build(["a", "b"]);
        let member = eject(&members, now);
        (members, member)
    }

    /// Ejects the first member, and returns it.
    fn eject(members: &Members<&'static str>, now: Instant) -> Member<&'static str> {
        let member = members.snapshot()[0].clone();
        for _ in 0..3 {
            member.record(Signal::Unreachable, Timing::since(now).at(now));
        }
        member
    }

    fn pick(members: &Members<&'static str>, now: Instant) -> &'static str {
        let in_flight = members.pick(&RoundRobin::default(), &(), &Route::any(), now).unwrap();
        in_flight.member().key()
    }

    #[tokio::test(start_paused = true)]
    async fn an_ejected_member_is_probed_before_it_gets_the_first_request_after_an_idle_time() {
        let (members, member) = with_ejected(ProbeResult::Unreachable, Instant::now());
        // No request starts the probe task.
        sleep(3_600 * SECOND).await;
        for _ in 0..4 {
            assert_eq!(pick(&members, Instant::now()), "b");
        }
        sleep(SECOND / 1_000).await;
        assert_eq!(member.state(), MemberState::Ejected);
        assert!(
            member.next_probe().unwrap() > Instant::now() + SECOND,
            "for longer, by the result of a probe"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn requests_do_not_interrupt_a_probe_that_starts_late() {
        let members = Members::builder()
            .probe(|_| async {
                sleep(SECOND / 10).await;
                ProbeResult::Available
            })
            .build(["a", "b"]);
        let member = eject(&members, Instant::now());
        sleep(20 * SECOND).await;
        for _ in 0..110 {
            pick(&members, Instant::now());
            sleep(SECOND / 1_000).await;
        }
        assert_eq!(member.state(), MemberState::HalfOpen);
    }

    #[test]
    fn a_probe_that_never_ends_keeps_no_member_out_forever() {
        // Its tasks never run.
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let _context = runtime.enter();
        let now = Instant::now();
        let (members, member) = with_ejected(ProbeResult::Available, now);
        for (second, state) in
            [(0, MemberState::Ejected), (30, MemberState::Ejected), (60, MemberState::HalfOpen)]
        {
            pick(&members, now + second * SECOND);
            assert_eq!(member.state(), state, "after {second} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pick_that_overlaps_the_end_of_all_probes_starts_none() {
        let (members, member) = with_ejected(ProbeResult::Available, Instant::now());
        members.stop_probes();
        // As a pick that has found the probes not ended yet.
        members.0.ensure_probe(&member, member.next_probe().unwrap(), Instant::now());
        sleep(2 * SECOND).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        assert_eq!(member.state(), MemberState::Ejected);
    }
}
