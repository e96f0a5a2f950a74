//! Members that respond, but too often with a failure.

use super::*;

/// Records responses to a number of requests; those for which `failed` returns true are failures.
fn respond(health: &mut Health, now: Instant, signal: Signal, count: u64, failed: impl Fn(u64) -> bool) {
    for requests in 1..=count {
        let signal = if failed(requests) { signal } else { Signal::Success };
        let report = SignalReport { requests, ..report(signal, now, now) };
        health.record(&report, &HealthPolicy::default(), NO_LIMIT);
    }
}

/// Ejected for failures, and half-open after an available probe.
fn half_open(now: Instant) -> Health {
    let mut health = Health::new(now);
    respond(&mut health, now, Signal::Failure, 20, |_| true);
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, Some(ProbeResult::Available), now);
    assert!(health.start_half_open().is_some());
    health
}

#[test]
fn a_member_is_ejected_if_more_than_half_of_twenty_responses_fail() {
    let now = Instant::now();
    for signal in [Signal::Failure, Signal::GatewayError] {
        let mut half = Health::new(now);
        respond(&mut half, now, signal, 1_000, |request| request % 2 == 0);
        assert_eq!(half.state(), MemberState::Healthy, "not consecutive, and not more than half");
        let mut more = Health::new(now);
        respond(&mut more, now, signal, 20, |request| request % 2 == 0 || request == 19);
        assert_eq!(more.next_probe(), Some(now + Duration::from_secs(1)));
        let mut few = Health::new(now);
        respond(&mut few, now, signal, 19, |request| request % 4 != 0);
        assert_eq!(few.state(), MemberState::Healthy, "19 are too few");
    }
}

#[test]
fn failures_far_apart_do_not_add_up() {
    let begin = Instant::now();
    let mut health = Health::new(begin);
    for second in 0..1_000 {
        record(&mut health, Signal::Failure, begin + Duration::from_secs(second));
    }
    assert_eq!(health.state(), MemberState::Healthy, "11 in 10 s are fewer than 20");
}

#[test]
fn failures_of_the_member_and_its_gateway_add_up() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..5 {
        respond(&mut health, now, Signal::GatewayError, 2, |_| true);
        respond(&mut health, now, Signal::Failure, 2, |_| true);
    }
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn a_member_with_few_failures_is_clean() {
    let now = Instant::now();
    let mut health = Health::new(now);
    respond(&mut health, now, Signal::Failure, 19, |_| true);
    assert!(health.is_clean(), "a success would change nothing, and need not take the lock");
}

#[test]
fn a_failure_shows_that_the_member_can_be_reached() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..10 {
        record(&mut health, Signal::Unreachable, now);
        record(&mut health, Signal::Unreachable, now);
        record(&mut health, Signal::Failure, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn a_failure_ends_half_open_after_an_ejection_for_connectivity() {
    let now = Instant::now();
    for (signal, count) in [(Signal::Unreachable, 3), (Signal::GatewayError, 5)] {
        let mut health = Health::new(now);
        for _ in 0..count {
            record(&mut health, signal, now);
        }
        probed(&mut health, Some(ProbeResult::Available), now);
        record(&mut health, Signal::Failure, now);
        assert_eq!(health.state(), MemberState::Healthy, "{signal:?}");
    }
}

#[test]
fn a_failure_ejects_a_half_open_member_that_was_ejected_for_failures() {
    let now = Instant::now();
    let mut health = half_open(now);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(2)));
}

#[test]
fn failures_are_counted_from_zero_after_recovery() {
    let now = Instant::now();
    let mut health = half_open(now);
    record(&mut health, Signal::Success, now);
    for _ in 0..19 {
        record(&mut health, Signal::Failure, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn failures_during_an_ejection_do_not_count_after_it() {
    let now = Instant::now();
    let mut health = ejected(now);
    for _ in 0..100 {
        record(&mut health, Signal::Failure, now);
    }
    probed(&mut health, Some(ProbeResult::Available), now);
    record(&mut health, Signal::Success, now);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn an_ejection_for_connectivity_keeps_its_cause_when_the_half_open_request_fails() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Some(ProbeResult::Available), now);
    record(&mut health, Signal::GatewayError, now);
    assert_eq!(health.state(), MemberState::Ejected);
    assert!(!health.is_out_for_responses());
    let mut health = half_open(now);
    assert!(health.is_out_for_responses(), "half-open still counts");
    record(&mut health, Signal::Unreachable, now);
    assert!(!health.is_out_for_responses());
}
