use std::time::Duration;

use super::*;

const FREELY: Allowed = Allowed { unreachable: true, gateway: true };
const MIDDLE: f64 = 0.5; // no jitter

fn record(health: &mut Health, verdict: Verdict, now: Instant) {
    health.record(verdict, now, now, MIDDLE, &HealthPolicy::default(), FREELY);
}

fn ejected(now: Instant) -> Health {
    let mut health = Health::default();
    for _ in 0..3 {
        record(&mut health, Verdict::Unreachable, now);
    }
    health
}

#[test]
fn three_failures_in_a_row_eject_and_an_answer_in_between_saves() {
    let now = Instant::now();
    let mut health = Health::default();
    for verdict in [Verdict::Unreachable, Verdict::Unreachable, Verdict::Good, Verdict::Unreachable] {
        record(&mut health, verdict, now);
    }
    assert_eq!(health.standing(), Standing::Well);
    record(&mut health, Verdict::Unreachable, now);
    record(&mut health, Verdict::Unreachable, now);
    assert_eq!(health.ejected_until(), Some(now + Duration::from_secs(1)));
}

#[test]
fn what_tells_nothing_of_the_member_never_ejects() {
    let now = Instant::now();
    let mut health = Health::default();
    for _ in 0..100 {
        record(&mut health, Verdict::Neutral, now);
        record(&mut health, Verdict::Overloaded, now);
    }
    assert!(health.is_clean());
}

#[test]
fn only_a_good_answer_after_a_good_probe_brings_a_member_back() {
    let now = Instant::now();
    let mut health = ejected(now);
    record(&mut health, Verdict::Good, now); // an answer that was on its way
    assert_eq!(health.standing(), Standing::Ejected);
    health.probed(Found::Well, now, MIDDLE, &HealthPolicy::default());
    assert!(health.open());
    assert!(health.begin());
    assert!(!health.open() && !health.begin(), "one request at a time");
    record(&mut health, Verdict::Good, now);
    assert_eq!(health.standing(), Standing::Well);
}

#[test]
fn a_trial_that_tells_nothing_lets_the_next_request_try() {
    let now = Instant::now();
    let mut health = ejected(now);
    health.probed(Found::Well, now, MIDDLE, &HealthPolicy::default());
    assert!(health.begin());
    record(&mut health, Verdict::Neutral, now);
    health.release_trial();
    assert!(health.open());
}

#[test]
fn what_was_sent_before_a_member_went_says_nothing_of_it_once_it_is_back() {
    let began = Instant::now();
    let later = began + Duration::from_secs(1);
    let mut health = ejected(began);
    let policy = HealthPolicy::default();
    health.probed(Found::Well, later, MIDDLE, &policy);
    for verdict in [Verdict::Unreachable, Verdict::Gateway, Verdict::Good] {
        health.record(verdict, began, later, MIDDLE, &policy, FREELY);
        assert_eq!(health.standing(), Standing::Trial, "{verdict:?}");
    }
    health.record(Verdict::Good, later, later, MIDDLE, &policy, FREELY);
    assert_eq!(health.standing(), Standing::Well);
}

#[test]
fn terms_double_up_to_the_cap_and_a_busy_member_is_not_punished() {
    let now = Instant::now();
    let policy = HealthPolicy::default();
    let mut health = ejected(now);
    let mut terms = Vec::new();
    for _ in 0..6 {
        health.probed(Found::Gone, now, MIDDLE, &policy);
        terms.push((health.ejected_until().unwrap() - now).as_secs());
    }
    assert_eq!(terms, [2, 4, 8, 16, 30, 30]);

    let mut busy = ejected(now);
    for _ in 0..5 {
        busy.probed(Found::Busy, now, MIDDLE, &policy);
        assert_eq!(busy.ejected_until(), Some(now + Duration::from_secs(1)));
    }
}

#[test]
fn a_minute_of_health_forgives_one_ejection() {
    let now = Instant::now();
    let policy = HealthPolicy::default();
    let mut health = ejected(now);
    health.probed(Found::Gone, now, MIDDLE, &policy);
    health.probed(Found::Well, now, MIDDLE, &policy);
    record(&mut health, Verdict::Good, now);
    assert_eq!(health.earlier, 2);
    record(&mut health, Verdict::Good, now + Duration::from_secs(59));
    assert_eq!(health.earlier, 2);
    record(&mut health, Verdict::Good, now + Duration::from_secs(60));
    record(&mut health, Verdict::Good, now + Duration::from_secs(120));
    assert_eq!(health.earlier, 0);
}

#[test]
fn the_set_has_the_last_word() {
    let now = Instant::now();
    let mut health = Health::default();
    for _ in 0..10 {
        health.record(
            Verdict::Unreachable,
            now,
            now,
            MIDDLE,
            &HealthPolicy::default(),
            Allowed { unreachable: false, gateway: false },
        );
    }
    assert_eq!(health.standing(), Standing::Well);
}
