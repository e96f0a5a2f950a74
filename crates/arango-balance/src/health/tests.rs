use std::time::Duration;

use super::*;

mod failures;
mod leaving;
mod unrecognized;

const FREELY: Allowed = Allowed { by_fact: true, by_opinion: true };
const MIDDLE: f64 = 0.5; // no jitter

fn report(verdict: Verdict, began: Instant, now: Instant) -> Report {
    Report { verdict, began, now, chance: MIDDLE, requests: 0 }
}

fn record(health: &mut Health, verdict: Verdict, now: Instant) {
    health.record(&report(verdict, now, now), &HealthPolicy::default(), FREELY);
}

/// Looks at it, as if it were due.
fn probed(health: &mut Health, found: Found, now: Instant) {
    probed_where(health, found, now, FREELY);
}

fn probed_where(health: &mut Health, found: Found, now: Instant, allowed: Allowed) {
    let due = health.due().unwrap_or(now);
    let look = Look { due, found, now, chance: MIDDLE, requests: 0 };
    health.probed(&look, &HealthPolicy::default(), allowed);
}

fn ejected(now: Instant) -> Health {
    let mut health = Health::new(now);
    for _ in 0..3 {
        record(&mut health, Verdict::Unreachable, now);
    }
    health
}

#[test]
fn three_failures_in_a_row_eject_and_an_answer_in_between_saves() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for verdict in [Verdict::Unreachable, Verdict::Unreachable, Verdict::Good, Verdict::Unreachable] {
        record(&mut health, verdict, now);
    }
    assert_eq!(health.standing(), Standing::Well);
    record(&mut health, Verdict::Unreachable, now);
    record(&mut health, Verdict::Unreachable, now);
    assert_eq!(health.due(), Some(now + Duration::from_secs(1)));
}

#[test]
fn what_tells_nothing_of_the_member_never_ejects() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Verdict::Neutral, now);
    }
    assert!(health.is_clean());
}

#[test]
fn only_a_good_answer_after_a_good_probe_brings_a_member_back() {
    let now = Instant::now();
    let mut health = ejected(now);
    record(&mut health, Verdict::Good, now); // an answer that was on its way
    assert_eq!(health.standing(), Standing::Ejected);
    probed(&mut health, Found::Well, now);
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
    probed(&mut health, Found::Well, now);
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
    probed(&mut health, Found::Well, later);
    for verdict in [Verdict::Unreachable, Verdict::Gateway, Verdict::Good] {
        health.record(&report(verdict, began, later), &policy, FREELY);
        assert_eq!(health.standing(), Standing::Trial, "{verdict:?}");
    }
    health.record(&report(Verdict::Good, later, later), &policy, FREELY);
    assert_eq!(health.standing(), Standing::Well);
}

#[test]
fn terms_double_up_to_the_cap_and_a_busy_member_is_not_punished() {
    let now = Instant::now();
    let mut health = ejected(now);
    let mut terms = Vec::new();
    for _ in 0..6 {
        probed(&mut health, Found::Gone, now);
        terms.push((health.due().unwrap() - now).as_secs());
    }
    assert_eq!(terms, [2, 4, 8, 16, 30, 30]);

    let mut busy = ejected(now);
    for _ in 0..5 {
        probed(&mut busy, Found::Busy, now);
        assert_eq!(busy.due(), Some(now + Duration::from_secs(1)));
    }
}

#[test]
fn failures_of_a_member_that_is_out_do_not_lengthen_its_term() {
    let now = Instant::now();
    let mut health = ejected(now);
    for verdict in [Verdict::Unreachable, Verdict::Gateway, Verdict::Failed].repeat(20) {
        record(&mut health, verdict, now);
    }
    assert_eq!(health.due(), Some(now + Duration::from_secs(1)));
}

#[test]
fn a_minute_of_health_forgives_one_ejection() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Found::Gone, now);
    probed(&mut health, Found::Well, now);
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
    let mut health = Health::new(now);
    for _ in 0..10 {
        health.record(
            &report(Verdict::Unreachable, now, now),
            &HealthPolicy::default(),
            Allowed { by_fact: false, by_opinion: false },
        );
    }
    assert_eq!(health.standing(), Standing::Well);
}

/// A member that says one of the two words, and how it stands then.
const WORDS: [(Verdict, Standing); 2] =
    [(Verdict::Overloaded, Standing::Overloaded), (Verdict::Leaving, Standing::Leaving)];

#[test]
fn a_member_that_says_how_it_is_can_be_reached() {
    let now = Instant::now();
    for (word, standing) in WORDS {
        let mut health = Health::new(now);
        for verdict in [Verdict::Unreachable, Verdict::Unreachable, word, Verdict::Unreachable] {
            record(&mut health, verdict, now);
        }
        for _ in 0..4 {
            record(&mut health, Verdict::Gateway, now);
        }
        record(&mut health, word, now);
        record(&mut health, Verdict::Gateway, now);
        assert_eq!(health.standing(), standing);
    }
}

#[test]
fn its_last_word_begins_its_term_anew() {
    let now = Instant::now();
    let later = now + Duration::from_secs(2);
    let mut health = Health::new(now);
    record(&mut health, Verdict::Overloaded, now);
    assert_eq!(health.due(), Some(now + Duration::from_secs(5)));
    record(&mut health, Verdict::Overloaded, later);
    record(&mut health, Verdict::Good, later);
    assert_eq!(health.due(), Some(later + Duration::from_secs(5)));
}

#[test]
fn a_member_that_is_about_to_go_is_no_less_so_for_having_too_much_to_do() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for word in [Verdict::Overloaded, Verdict::Leaving, Verdict::Overloaded] {
        record(&mut health, word, now);
    }
    assert_eq!(health.standing(), Standing::Leaving);
}

#[test]
fn an_overloaded_member_that_is_found_busy_is_spared_for_another_term_and_else_takes_its_share() {
    let now = Instant::now();
    for found in [Found::Well, Found::Gone, Found::Silent, Found::Unclear, Found::Unasked] {
        let mut health = Health::new(now);
        record(&mut health, Verdict::Overloaded, now);
        let end = now + Duration::from_secs(5);
        probed(&mut health, Found::Busy, end);
        assert_eq!(health.due(), Some(end + Duration::from_secs(5)));
        probed(&mut health, found, end + Duration::from_secs(5));
        assert_eq!(health.standing(), Standing::Well, "{found:?}");
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
        probed(&mut health, Found::Well, end);
        health.record(&report(word, now, end), &policy, FREELY);
        assert_eq!(health.standing(), Standing::Well);
        record(&mut health, word, end);
        assert_eq!(health.standing(), standing);
    }
}

#[test]
fn failures_eject_a_spared_member_as_any_other() {
    let now = Instant::now();
    for (word, _) in WORDS {
        for (verdict, row) in [(Verdict::Unreachable, 3), (Verdict::Gateway, 5)] {
            let mut health = Health::new(now);
            record(&mut health, word, now);
            for _ in 0..row {
                record(&mut health, verdict, now);
            }
            assert_eq!(health.due(), Some(now + Duration::from_secs(1)), "{word:?} {verdict:?}");
        }
    }
}

#[test]
fn a_word_ends_a_trial_but_brings_no_ejected_member_back() {
    let now = Instant::now();
    for (word, standing) in WORDS {
        let mut health = ejected(now);
        record(&mut health, word, now);
        assert_eq!(health.standing(), Standing::Ejected);
        probed(&mut health, Found::Well, now);
        assert!(health.begin());
        record(&mut health, word, now);
        health.release_trial();
        assert_eq!(health.standing(), standing);
        assert!(health.open());
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
                record(&mut health, Verdict::Unreachable, begin);
            }
            probed(&mut health, Found::Well, begin);
            record(&mut health, Verdict::Good, begin);
        }
        for seconds in good_at {
            record(&mut health, Verdict::Good, begin + Duration::from_secs(*seconds));
        }
        let later = begin + Duration::from_secs(300);
        for _ in 0..3 {
            record(&mut health, Verdict::Unreachable, later);
        }
        assert_eq!(health.due(), Some(later + Duration::from_secs(term)), "well at {good_at:?}");
    }
}
