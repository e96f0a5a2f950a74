//! Draining members, and what ends draining.

use super::*;

fn at(begin: Instant, seconds: u64) -> Instant {
    begin + Duration::from_secs(seconds)
}

/// A member that drains by its own report or at the caller's request.
fn draining(source: DrainSource, now: Instant) -> Health {
    let mut health = Health::new(now);
    drain(&mut health, source, now);
    health
}

fn drain(health: &mut Health, source: DrainSource, now: Instant) {
    match source {
        DrainSource::Member => record(health, Signal::Draining, now),
        DrainSource::Caller => health.drain_requested(now, NO_JITTER, &HealthPolicy::default()),
    }
}

/// Applies probe results, each when it is due, until the member no longer drains; returns when that is, in seconds.
fn probe_until_done(
    health: &mut Health,
    begin: Instant,
    outcome: impl Fn(u64) -> Option<ProbeResult>,
) -> u64 {
    while let (MemberState::Draining, Some(due)) = (health.state(), health.next_probe()) {
        let seconds = (due - begin).as_secs();
        assert!(seconds < 1_000, "it drains forever");
        probed(health, outcome(seconds), due);
        if health.state() != MemberState::Draining {
            return seconds;
        }
    }
    unreachable!("it was draining")
}

#[test]
fn a_member_that_reported_draining_recovers_with_slow_start_after_an_available_probe() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Member, now);
    assert_eq!(probe_until_done(&mut health, now, |_| Some(ProbeResult::Available)), 1);
    assert_eq!(health.state(), MemberState::Healthy);
    assert!(health.weight(at(now, 1)) < 0.01 && health.weight(at(now, 3)) > 0.99);
}

#[test]
fn an_unavailable_probe_restarts_the_drain_time() {
    let now = Instant::now();
    let outcome =
        |seconds| if seconds < 40 { Some(ProbeResult::Unavailable) } else { Some(ProbeResult::TimedOut) };
    assert_eq!(probe_until_done(&mut draining(DrainSource::Member, now), now, outcome), 39 + 30);
}

#[test]
fn an_available_probe_does_not_end_draining_requested_by_the_caller() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Caller, now);
    assert_eq!(
        probe_until_done(&mut health, now, |_| Some(ProbeResult::Available)),
        30,
        "the drain time is over"
    );
    assert!(health.weight(at(now, 30)) < 0.01, "it may have restarted");
}

#[test]
fn a_later_report_by_the_member_does_not_end_draining_requested_by_the_caller() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Caller, now);
    drain(&mut health, DrainSource::Member, at(now, 5));
    assert_eq!(probe_until_done(&mut health, now, |_| Some(ProbeResult::Available)), 35);
    let mut health = draining(DrainSource::Member, now);
    drain(&mut health, DrainSource::Caller, now);
    assert_eq!(probe_until_done(&mut health, now, |_| Some(ProbeResult::Available)), 30);
}

#[test]
fn an_unreachable_draining_member_is_ejected_and_recovers_through_half_open() {
    let now = Instant::now();
    for source in [DrainSource::Member, DrainSource::Caller] {
        let mut health = draining(source, now);
        let outcome = |seconds| {
            if seconds < 2 { Some(ProbeResult::Unavailable) } else { Some(ProbeResult::Unreachable) }
        };
        assert_eq!(probe_until_done(&mut health, now, outcome), 2);
        assert_eq!(health.state(), MemberState::Ejected);
        assert!(!health.is_out_for_responses() && health.last_failed() == Some(at(now, 2)));
        probed(&mut health, Some(ProbeResult::Available), at(now, 3));
        assert!(health.start_half_open().is_some());
        record(&mut health, Signal::Success, at(now, 3));
        assert_eq!((health.state(), health.next_probe()), (MemberState::Healthy, None));
        assert!(health.weight(at(now, 3)) < 0.01 && health.weight(at(now, 5)) > 0.99);
    }
}

#[test]
fn inconclusive_probes_leave_the_drain_time_unchanged() {
    let now = Instant::now();
    for source in [DrainSource::Member, DrainSource::Caller] {
        for outcome in [Some(ProbeResult::Inconclusive), Some(ProbeResult::TimedOut), None] {
            let mut health = draining(source, now);
            assert_eq!(probe_until_done(&mut health, now, |_| outcome), 30, "{source:?} {outcome:?}");
            assert_eq!(health.state(), MemberState::Healthy);
        }
    }
}

#[test]
fn an_unreachable_member_that_may_not_be_ejected_drains_for_the_whole_time() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Member, now);
    for _ in 0..30 {
        assert_eq!(health.state(), MemberState::Draining);
        let due = health.next_probe().unwrap();
        probed_where(
            &mut health,
            Some(ProbeResult::Unreachable),
            due,
            EjectionLimit { for_connectivity: false, for_responses: false },
        );
    }
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn a_probe_started_before_the_last_report_does_not_end_draining() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Member, now);
    let due = health.next_probe().unwrap();
    // The probe is in flight.
    drain(&mut health, DrainSource::Member, due);
    let report =
        ProbeReport { due, result: Some(ProbeResult::Available), now: due, random: NO_JITTER, requests: 0 };
    health.probed(&report, &HealthPolicy::default(), NO_LIMIT);
    assert_eq!(health.state(), MemberState::Draining);
}

#[test]
fn a_member_that_reports_draining_continuously_is_still_probed() {
    let begin = Instant::now();
    let mut health = draining(DrainSource::Member, begin);
    let due = health.next_probe();
    for millis in (0..1_000).step_by(100) {
        drain(&mut health, DrainSource::Member, begin + Duration::from_millis(millis));
        assert_eq!(health.next_probe(), due);
    }
    assert_eq!(
        probe_until_done(&mut health, begin, |_| None),
        30,
        "the drain time after its last report, in whole seconds"
    );
}

#[test]
fn without_a_probe_a_draining_member_is_due_once() {
    let now = Instant::now();
    let mut health = draining(DrainSource::Member, now);
    probed(&mut health, None, at(now, 1));
    assert_eq!(health.next_probe(), Some(at(now, 30)));
}

#[test]
fn an_ejected_or_half_open_member_does_not_drain() {
    let now = Instant::now();
    let mut health = ejected(now);
    drain(&mut health, DrainSource::Caller, now);
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, Some(ProbeResult::Available), now);
    drain(&mut health, DrainSource::Caller, now);
    assert_eq!(health.state(), MemberState::HalfOpen);
}

#[test]
fn a_member_that_reports_draining_again_soon_after_recovery_drains_for_the_whole_time() {
    let begin = Instant::now();
    // The probe found it available after 1 s, and the drain time is 30 s.
    for (again, back) in [(1, 31), (5, 35), (30, 60), (31, 32), (40, 41)] {
        let mut health = draining(DrainSource::Member, begin);
        assert_eq!(probe_until_done(&mut health, begin, |_| Some(ProbeResult::Available)), 1);
        drain(&mut health, DrainSource::Member, at(begin, again));
        let done = probe_until_done(&mut health, begin, |_| Some(ProbeResult::Available));
        assert_eq!(done, back, "again after {again} s");
    }
}
