use std::time::Duration;

use super::*;

mod failures;
mod leaving;
mod unrecognized;

const FREELY: EjectionLimit = EjectionLimit { for_connectivity: true, for_responses: true };
const MIDDLE: f64 = 0.5; // no jitter

fn report(verdict: Signal, began: Instant, now: Instant) -> SignalReport {
    SignalReport { signal: verdict, started: began, now, random: MIDDLE, requests: 0 }
}

fn record(health: &mut Health, verdict: Signal, now: Instant) {
    health.record(&report(verdict, now, now), &HealthPolicy::default(), FREELY);
}

/// Looks at it, as if it were due.
fn probed(health: &mut Health, found: ProbeOutcome, now: Instant) {
    probed_where(health, found, now, FREELY);
}

fn probed_where(health: &mut Health, found: ProbeOutcome, now: Instant, allowed: EjectionLimit) {
    let due = health.next_probe().unwrap_or(now);
    let look = ProbeReport { due, outcome: found, now, random: MIDDLE, requests: 0 };
    health.probed(&look, &HealthPolicy::default(), allowed);
}

fn ejected(now: Instant) -> Health {
    let mut health = Health::new(now);
    for _ in 0..3 {
        record(&mut health, Signal::Unreachable, now);
    }
    health
}

#[test]
fn three_failures_in_a_row_eject_and_an_answer_in_between_saves() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for verdict in [Signal::Unreachable, Signal::Unreachable, Signal::Success, Signal::Unreachable] {
        record(&mut health, verdict, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    record(&mut health, Signal::Unreachable, now);
    record(&mut health, Signal::Unreachable, now);
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)));
}

#[test]
fn what_tells_nothing_of_the_member_never_ejects() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Signal::Neutral, now);
    }
    assert!(health.is_clean());
}

#[test]
fn only_a_good_answer_after_a_good_probe_brings_a_member_back() {
    let now = Instant::now();
    let mut health = ejected(now);
    record(&mut health, Signal::Success, now); // an answer that was on its way
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, ProbeOutcome::Available, now);
    assert!(health.is_open());
    assert!(health.start_half_open());
    assert!(!health.is_open() && !health.start_half_open(), "one request at a time");
    record(&mut health, Signal::Success, now);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn a_trial_that_tells_nothing_lets_the_next_request_try() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, ProbeOutcome::Available, now);
    assert!(health.start_half_open());
    record(&mut health, Signal::Neutral, now);
    health.release_half_open();
    assert!(health.is_open());
}

#[test]
fn what_was_sent_before_a_member_went_says_nothing_of_it_once_it_is_back() {
    let began = Instant::now();
    let later = began + Duration::from_secs(1);
    let mut health = ejected(began);
    let policy = HealthPolicy::default();
    probed(&mut health, ProbeOutcome::Available, later);
    for verdict in [Signal::Unreachable, Signal::GatewayError, Signal::Success] {
        health.record(&report(verdict, began, later), &policy, FREELY);
        assert_eq!(health.state(), MemberState::HalfOpen, "{verdict:?}");
    }
    health.record(&report(Signal::Success, later, later), &policy, FREELY);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn terms_double_up_to_the_cap_and_a_busy_member_is_not_punished() {
    let now = Instant::now();
    let mut health = ejected(now);
    let mut terms = Vec::new();
    for _ in 0..6 {
        probed(&mut health, ProbeOutcome::Unreachable, now);
        terms.push((health.next_probe().unwrap() - now).as_secs());
    }
    assert_eq!(terms, [2, 4, 8, 16, 30, 30]);

    let mut busy = ejected(now);
    for _ in 0..5 {
        probed(&mut busy, ProbeOutcome::Unavailable, now);
        assert_eq!(busy.next_probe(), Some(now + Duration::from_secs(1)));
    }
}

#[test]
fn failures_of_a_member_that_is_out_do_not_lengthen_its_term() {
    let now = Instant::now();
    let mut health = ejected(now);
    for verdict in [Signal::Unreachable, Signal::GatewayError, Signal::Failure].repeat(20) {
        record(&mut health, verdict, now);
    }
    assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)));
}

#[test]
fn a_minute_of_health_forgives_one_ejection() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, ProbeOutcome::Unreachable, now);
    probed(&mut health, ProbeOutcome::Available, now);
    record(&mut health, Signal::Success, now);
    assert_eq!(health.ejections, 2);
    record(&mut health, Signal::Success, now + Duration::from_secs(59));
    assert_eq!(health.ejections, 2);
    record(&mut health, Signal::Success, now + Duration::from_secs(60));
    record(&mut health, Signal::Success, now + Duration::from_secs(120));
    assert_eq!(health.ejections, 0);
}

#[test]
fn the_set_has_the_last_word() {
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

/// A member that says one of the two words, and how it stands then.
const WORDS: [(Signal, MemberState); 2] =
    [(Signal::Overloaded, MemberState::Overloaded), (Signal::Draining, MemberState::Draining)];

#[test]
fn a_member_that_says_how_it_is_can_be_reached() {
    let now = Instant::now();
    for (word, standing) in WORDS {
        let mut health = Health::new(now);
        for verdict in [Signal::Unreachable, Signal::Unreachable, word, Signal::Unreachable] {
            record(&mut health, verdict, now);
        }
        for _ in 0..4 {
            record(&mut health, Signal::GatewayError, now);
        }
        record(&mut health, word, now);
        record(&mut health, Signal::GatewayError, now);
        assert_eq!(health.state(), standing);
    }
}

#[test]
fn its_last_word_begins_its_term_anew() {
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
fn a_member_that_is_about_to_go_is_no_less_so_for_having_too_much_to_do() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for word in [Signal::Overloaded, Signal::Draining, Signal::Overloaded] {
        record(&mut health, word, now);
    }
    assert_eq!(health.state(), MemberState::Draining);
}

#[test]
fn an_overloaded_member_that_is_found_busy_is_spared_for_another_term_and_else_takes_its_share() {
    let now = Instant::now();
    for found in [
        ProbeOutcome::Available,
        ProbeOutcome::Unreachable,
        ProbeOutcome::TimedOut,
        ProbeOutcome::Inconclusive,
        ProbeOutcome::NotProbed,
    ] {
        let mut health = Health::new(now);
        record(&mut health, Signal::Overloaded, now);
        let end = now + Duration::from_secs(5);
        probed(&mut health, ProbeOutcome::Unavailable, end);
        assert_eq!(health.next_probe(), Some(end + Duration::from_secs(5)));
        probed(&mut health, found, end + Duration::from_secs(5));
        assert_eq!(health.state(), MemberState::Healthy, "{found:?}");
        assert!(health.is_clean());
    }
}

#[test]
fn what_was_sent_before_a_term_ended_does_not_begin_another() {
    let now = Instant::now();
    let policy = HealthPolicy::default();
    for (word, standing) in WORDS {
        let mut health = Health::new(now);
        record(&mut health, word, now);
        let end = now + Duration::from_secs(30);
        probed(&mut health, ProbeOutcome::Available, end);
        health.record(&report(word, now, end), &policy, FREELY);
        assert_eq!(health.state(), MemberState::Healthy);
        record(&mut health, word, end);
        assert_eq!(health.state(), standing);
    }
}

#[test]
fn failures_eject_a_spared_member_as_any_other() {
    let now = Instant::now();
    for (word, _) in WORDS {
        for (verdict, row) in [(Signal::Unreachable, 3), (Signal::GatewayError, 5)] {
            let mut health = Health::new(now);
            record(&mut health, word, now);
            for _ in 0..row {
                record(&mut health, verdict, now);
            }
            assert_eq!(health.next_probe(), Some(now + Duration::from_secs(1)), "{word:?} {verdict:?}");
        }
    }
}

#[test]
fn a_word_ends_a_trial_but_brings_no_ejected_member_back() {
    let now = Instant::now();
    for (word, standing) in WORDS {
        let mut health = ejected(now);
        record(&mut health, word, now);
        assert_eq!(health.state(), MemberState::Ejected);
        probed(&mut health, ProbeOutcome::Available, now);
        assert!(health.start_half_open());
        record(&mut health, word, now);
        health.release_half_open();
        assert_eq!(health.state(), standing);
        assert!(health.is_open());
    }
}

#[test]
fn one_ejection_is_forgotten_for_each_minute_and_no_more_than_there_were() {
    let begin = Instant::now();
    for (good_at, term) in [
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
            probed(&mut health, ProbeOutcome::Available, begin);
            record(&mut health, Signal::Success, begin);
        }
        for seconds in good_at {
            record(&mut health, Signal::Success, begin + Duration::from_secs(*seconds));
        }
        let later = begin + Duration::from_secs(300);
        for _ in 0..3 {
            record(&mut health, Signal::Unreachable, later);
        }
        assert_eq!(health.next_probe(), Some(later + Duration::from_secs(term)), "well at {good_at:?}");
    }
}
