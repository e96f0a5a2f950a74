use std::time::Duration;

use super::*;

mod draining;
mod failures;
mod unrecognized;

const NO_LIMIT: EjectionLimit = EjectionLimit { for_connectivity: true, for_responses: true };
const NO_JITTER: f64 = 0.5; // no jitter

fn report(signal: Signal, started: Instant, now: Instant) -> SignalReport {
    SignalReport { signal, started, now, random: NO_JITTER, requests: 0 }
}

fn record(health: &mut Health, signal: Signal, now: Instant) {
    health.record(&report(signal, now, now), &HealthPolicy::default(), NO_LIMIT);
}

/// Applies a probe result, as if a probe were due.
fn probed(health: &mut Health, outcome: Option<ProbeResult>, now: Instant) {
    probed_where(health, outcome, now, NO_LIMIT);
}

fn probed_where(health: &mut Health, outcome: Option<ProbeResult>, now: Instant, allowed: EjectionLimit) {
    let due = health.next_probe().unwrap_or(now);
    let report = ProbeReport { due, result: outcome, now, random: NO_JITTER, requests: 0 };
    health.probed(&report, &HealthPolicy::default(), allowed);
}

fn ejected(now: Instant) -> Health {
    let mut health = Health::new(now);
    for _ in 0..3 {
        record(&mut health, Signal::Unreachable, now);
    }
    health
}

#[test]
fn three_consecutive_failures_eject_and_a_success_in_between_resets_the_count() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for signal in [Signal::Unreachable, Signal::Unreachable, Signal::Success, Signal::Unreachable] {
        record(&mut health, signal, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    record(&mut health, Signal::Unreachable, now);
    record(&mut health, Signal::Unreachable, now);
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)));
}

#[test]
fn neutral_signals_never_eject() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Signal::Neutral, now);
    }
    assert!(health.is_clean());
}

#[test]
fn only_a_success_after_an_available_probe_ends_an_ejection() {
    let now = Instant::now();
    let mut health = ejected(now);
    record(&mut health, Signal::Success, now); // a response to an earlier request
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, Some(ProbeResult::Available), now);
    assert!(health.accepts_request());
    assert!(health.start_half_open().is_some());
    assert!(!health.accepts_request() && health.start_half_open().is_none(), "one request at a time");
    record(&mut health, Signal::Success, now);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn a_neutral_half_open_request_lets_the_next_request_through() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Some(ProbeResult::Available), now);
    let request = health.start_half_open().unwrap();
    record(&mut health, Signal::Neutral, now);
    health.end_half_open(request);
    assert!(health.accepts_request());
}

#[test]
fn attempts_started_before_an_ejection_are_ignored_after_it() {
    let started = Instant::now();
    let later = started + Duration::from_secs(1);
    let mut health = ejected(started);
    let policy = HealthPolicy::default();
    probed(&mut health, Some(ProbeResult::Available), later);
    for signal in [Signal::Unreachable, Signal::GatewayError, Signal::Success] {
        health.record(&report(signal, started, later), &policy, NO_LIMIT);
        assert_eq!(health.state(), MemberState::HalfOpen, "{signal:?}");
    }
    health.record(&report(Signal::Success, later, later), &policy, NO_LIMIT);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn ejection_times_double_up_to_the_maximum_but_not_for_an_unavailable_member() {
    let now = Instant::now();
    let mut health = ejected(now);
    let mut times = Vec::new();
    for _ in 0..6 {
        probed(&mut health, Some(ProbeResult::Unreachable), now);
        times.push((health.next_probe().unwrap() - now).as_secs());
    }
    assert_eq!(times, [2, 4, 8, 16, 30, 30]);

    let mut unavailable = ejected(now);
    for _ in 0..5 {
        probed(&mut unavailable, Some(ProbeResult::Unavailable), now);
        assert_eq!(unavailable.next_probe(), Some(now + Duration::from_secs(1)));
    }
}

#[test]
fn failures_of_an_ejected_member_do_not_extend_its_ejection() {
    let now = Instant::now();
    let mut health = ejected(now);
    for signal in [Signal::Unreachable, Signal::GatewayError, Signal::Failure].repeat(20) {
        record(&mut health, signal, now);
    }
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)));
}

#[test]
fn a_minute_of_health_forgets_one_ejection() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Some(ProbeResult::Unreachable), now);
    probed(&mut health, Some(ProbeResult::Available), now);
    record(&mut health, Signal::Success, now);
    assert_eq!(health.ejections, 2);
    record(&mut health, Signal::Success, now + Duration::from_secs(59));
    assert_eq!(health.ejections, 2);
    record(&mut health, Signal::Success, now + Duration::from_secs(60));
    record(&mut health, Signal::Success, now + Duration::from_secs(120));
    assert_eq!(health.ejections, 0);
}

#[test]
fn a_member_is_not_ejected_if_the_limit_forbids_it() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..10 {
        health.record(
            &report(Signal::Unreachable, now, now),
            &HealthPolicy::default(),
            EjectionLimit { for_connectivity: false, for_responses: false },
        );
    }
    assert_eq!(health.state(), MemberState::Healthy);
}

/// Signals by which a member reports its state, and the state that follows.
const REPORTED_STATES: [(Signal, MemberState); 2] =
    [(Signal::Overloaded, MemberState::Overloaded), (Signal::Draining, MemberState::Draining)];

#[test]
fn a_member_that_reports_its_state_can_be_reached() {
    let now = Instant::now();
    for (reported, state) in REPORTED_STATES {
        let mut health = Health::new(now);
        for signal in [Signal::Unreachable, Signal::Unreachable, reported, Signal::Unreachable] {
            record(&mut health, signal, now);
        }
        for _ in 0..4 {
            record(&mut health, Signal::GatewayError, now);
        }
        record(&mut health, reported, now);
        record(&mut health, Signal::GatewayError, now);
        assert_eq!(health.state(), state);
    }
}

#[test]
fn each_report_restarts_the_overload_time() {
    let now = Instant::now();
    let later = now + Duration::from_secs(2);
    let mut health = Health::new(now);
    record(&mut health, Signal::Overloaded, now);
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(5)));
    record(&mut health, Signal::Overloaded, later);
    record(&mut health, Signal::Success, later);
    assert_eq!(health.next_probe(), Some(later + Duration::from_secs(5)));
}

#[test]
fn a_draining_member_that_reports_overload_keeps_draining() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for signal in [Signal::Overloaded, Signal::Draining, Signal::Overloaded] {
        record(&mut health, signal, now);
    }
    assert_eq!(health.state(), MemberState::Draining);
}

#[test]
fn an_unavailable_probe_extends_the_overload_time_and_any_other_result_ends_it() {
    let now = Instant::now();
    for outcome in [
        Some(ProbeResult::Available),
        Some(ProbeResult::Unreachable),
        Some(ProbeResult::TimedOut),
        Some(ProbeResult::Inconclusive),
        None,
    ] {
        let mut health = Health::new(now);
        record(&mut health, Signal::Overloaded, now);
        let end = now + Duration::from_secs(5);
        probed(&mut health, Some(ProbeResult::Unavailable), end);
        assert_eq!(health.next_probe(), Some(end + Duration::from_secs(5)));
        probed(&mut health, outcome, end + Duration::from_secs(5));
        assert_eq!(health.state(), MemberState::Healthy, "{outcome:?}");
        assert!(health.is_clean());
    }
}

#[test]
fn attempts_started_before_a_state_ended_do_not_restart_it() {
    let now = Instant::now();
    let policy = HealthPolicy::default();
    for (signal, state) in REPORTED_STATES {
        let mut health = Health::new(now);
        record(&mut health, signal, now);
        let end = now + Duration::from_secs(30);
        probed(&mut health, Some(ProbeResult::Available), end);
        health.record(&report(signal, now, end), &policy, NO_LIMIT);
        assert_eq!(health.state(), MemberState::Healthy);
        record(&mut health, signal, end);
        assert_eq!(health.state(), state);
    }
}

#[test]
fn failures_eject_overloaded_and_draining_members_like_others() {
    let now = Instant::now();
    for (reported, _) in REPORTED_STATES {
        for (signal, count) in [(Signal::Unreachable, 3), (Signal::GatewayError, 5)] {
            let mut health = Health::new(now);
            record(&mut health, reported, now);
            for _ in 0..count {
                record(&mut health, signal, now);
            }
            assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)), "{reported:?} {signal:?}");
        }
    }
}

#[test]
fn a_reported_state_ends_half_open_but_not_an_ejection() {
    let now = Instant::now();
    for (signal, state) in REPORTED_STATES {
        let mut health = ejected(now);
        record(&mut health, signal, now);
        assert_eq!(health.state(), MemberState::Ejected);
        probed(&mut health, Some(ProbeResult::Available), now);
        let request = health.start_half_open().unwrap();
        record(&mut health, signal, now);
        health.end_half_open(request);
        assert_eq!(health.state(), state);
        assert!(health.accepts_request());
    }
}

#[test]
fn one_ejection_is_forgotten_per_minute_and_no_more_than_there_were() {
    let begin = Instant::now();
    for (success_at, seconds) in [
        (&[59][..], 4),
        (&[60], 2),
        (&[60, 61, 119], 2),
        (&[60, 120], 1),
        (&[120, 121], 1),
        (&[60, 120, 180, 240], 1),
    ] {
        let mut health = Health::new(begin);
        for _ in 0..2 {
            for _ in 0..3 {
                record(&mut health, Signal::Unreachable, begin);
            }
            probed(&mut health, Some(ProbeResult::Available), begin);
            record(&mut health, Signal::Success, begin);
        }
        for second in success_at {
            record(&mut health, Signal::Success, begin + Duration::from_secs(*second));
        }
        let later = begin + Duration::from_secs(300);
        for _ in 0..3 {
            record(&mut health, Signal::Unreachable, later);
        }
        let next_probe = Some(later + Duration::from_secs(seconds));
        assert_eq!(health.next_probe(), next_probe, "successes at {success_at:?}");
    }
}
