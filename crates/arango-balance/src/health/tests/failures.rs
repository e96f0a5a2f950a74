//! Members that answer, but too often with a failure.

use super::*;

/// Has a member answer, where `failed` tells which answers are failures.
fn answer(health: &mut Health, now: Instant, verdict: Signal, answers: u64, failed: impl Fn(u64) -> bool) {
    for requests in 1..=answers {
        let verdict = if failed(requests) { verdict } else { Signal::Success };
        let report = SignalReport { requests, ..report(verdict, now, now) };
        health.record(&report, &HealthPolicy::default(), FREELY);
    }
}

/// Ejected for its failures, and then found well.
fn on_trial(now: Instant) -> Health {
    let mut health = Health::new(now);
    answer(&mut health, now, Signal::Failure, 20, |_| true);
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, ProbeOutcome::Available, now);
    assert!(health.start_half_open());
    health
}

#[test]
fn more_than_half_of_twenty_answers_eject_whoever_failed() {
    let now = Instant::now();
    for verdict in [Signal::Failure, Signal::GatewayError] {
        let mut half = Health::new(now);
        answer(&mut half, now, verdict, 1_000, |answer| answer % 2 == 0);
        assert_eq!(half.state(), MemberState::Healthy, "no row, and not more than half");
        let mut more = Health::new(now);
        answer(&mut more, now, verdict, 20, |answer| answer % 2 == 0 || answer == 19);
        assert_eq!(more.next_probe(), Some(now + Duration::from_secs(1)));
        let mut few = Health::new(now);
        answer(&mut few, now, verdict, 19, |answer| answer % 4 != 0);
        assert_eq!(few.state(), MemberState::Healthy, "nineteen are too few");
    }
}

#[test]
fn failures_that_are_far_apart_do_not_add_up() {
    let begin = Instant::now();
    let mut health = Health::new(begin);
    for second in 0..1_000 {
        record(&mut health, Signal::Failure, begin + Duration::from_secs(second));
    }
    assert_eq!(health.state(), MemberState::Healthy, "eleven in ten seconds are fewer than twenty");
}

#[test]
fn failures_of_both_kinds_add_up() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..5 {
        answer(&mut health, now, Signal::GatewayError, 2, |_| true);
        answer(&mut health, now, Signal::Failure, 2, |_| true);
    }
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn a_member_with_failures_that_are_not_too_many_is_clean() {
    let now = Instant::now();
    let mut health = Health::new(now);
    answer(&mut health, now, Signal::Failure, 19, |_| true);
    assert!(health.is_clean(), "a good answer would change nothing, and need not take the lock");
}

#[test]
fn a_member_that_fails_can_be_reached() {
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
fn a_failure_ends_a_trial_that_asks_whether_the_member_can_be_reached() {
    let now = Instant::now();
    for (verdict, row) in [(Signal::Unreachable, 3), (Signal::GatewayError, 5)] {
        let mut health = Health::new(now);
        for _ in 0..row {
            record(&mut health, verdict, now);
        }
        probed(&mut health, ProbeOutcome::Available, now);
        record(&mut health, Signal::Failure, now);
        assert_eq!(health.state(), MemberState::Healthy, "{verdict:?}");
    }
}

#[test]
fn a_failure_fails_the_trial_of_a_member_that_was_ejected_for_failures() {
    let now = Instant::now();
    let mut health = on_trial(now);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(2)));
}

#[test]
fn a_member_that_is_back_has_its_failures_counted_anew() {
    let now = Instant::now();
    let mut health = on_trial(now);
    record(&mut health, Signal::Success, now);
    for _ in 0..19 {
        record(&mut health, Signal::Failure, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn what_fails_while_a_member_is_out_is_not_held_against_it_when_it_is_back() {
    let now = Instant::now();
    let mut health = ejected(now);
    for _ in 0..100 {
        record(&mut health, Signal::Failure, now);
    }
    probed(&mut health, ProbeOutcome::Available, now);
    record(&mut health, Signal::Success, now);
    record(&mut health, Signal::Failure, now);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn a_member_that_is_out_by_a_fact_stays_so_whatever_fails_its_trial() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, ProbeOutcome::Available, now);
    record(&mut health, Signal::GatewayError, now);
    assert_eq!(health.state(), MemberState::Ejected);
    assert!(!health.is_out_for_responses());
    let mut health = on_trial(now);
    assert!(health.is_out_for_responses(), "it is not wholly back");
    record(&mut health, Signal::Unreachable, now);
    assert!(!health.is_out_for_responses());
}
