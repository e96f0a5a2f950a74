//! Members that are about to go, and what shows that they are back.

use super::*;

fn at(begin: Instant, seconds: u64) -> Instant {
    begin + Duration::from_secs(seconds)
}

/// About to go by its own word, or by that of others.
fn leaving(word: Word, now: Instant) -> Health {
    let mut health = Health::new(now);
    say(&mut health, word, now);
    health
}

fn say(health: &mut Health, word: Word, now: Instant) {
    match word {
        Word::Own => record(health, Verdict::Leaving, now),
        Word::Others => health.sent_away(now, MIDDLE, &HealthPolicy::default()),
    }
}

/// Looks at it each time it is due, until it is not leaving any more; when that is, in seconds.
fn looked_at(health: &mut Health, begin: Instant, found: impl Fn(u64) -> Found) -> u64 {
    while let (Standing::Leaving, Some(due)) = (health.standing(), health.due()) {
        let seconds = (due - begin).as_secs();
        assert!(seconds < 1_000, "it is spared for ever");
        probed(health, found(seconds), due);
        if health.standing() != Standing::Leaving {
            return seconds;
        }
    }
    unreachable!("it was about to go")
}

#[test]
fn a_member_that_said_it_goes_and_is_found_well_is_back_at_once_and_warms_up() {
    let now = Instant::now();
    let mut health = leaving(Word::Own, now);
    assert_eq!(looked_at(&mut health, now, |_| Found::Well), 1);
    assert_eq!(health.standing(), Standing::Well);
    assert!(health.weight(at(now, 1)) < 0.01 && health.weight(at(now, 3)) > 0.99);
}

#[test]
fn a_member_that_says_it_is_busy_goes_on_leaving_for_a_term_after_it_last_did() {
    let now = Instant::now();
    let found = |seconds| if seconds < 40 { Found::Busy } else { Found::Silent };
    assert_eq!(looked_at(&mut leaving(Word::Own, now), now, found), 39 + 30);
}

#[test]
fn a_member_that_was_sent_away_is_not_back_for_being_well() {
    let now = Instant::now();
    let mut health = leaving(Word::Others, now);
    assert_eq!(looked_at(&mut health, now, |_| Found::Well), 30, "but it has stayed");
    assert!(health.weight(at(now, 30)) < 0.01, "it may have started anew");
}

#[test]
fn a_member_that_was_sent_away_is_not_back_for_handing_on_the_word_of_another() {
    let now = Instant::now();
    let mut health = leaving(Word::Others, now);
    say(&mut health, Word::Own, at(now, 5));
    assert_eq!(looked_at(&mut health, now, |_| Found::Well), 35);
    let mut health = leaving(Word::Own, now);
    say(&mut health, Word::Others, now);
    assert_eq!(looked_at(&mut health, now, |_| Found::Well), 30);
}

#[test]
fn a_member_that_is_seen_gone_is_ejected_and_comes_back_by_a_trial() {
    let now = Instant::now();
    for word in [Word::Own, Word::Others] {
        let mut health = leaving(word, now);
        let found = |seconds| if seconds < 2 { Found::Busy } else { Found::Gone };
        assert_eq!(looked_at(&mut health, now, found), 2);
        assert_eq!(health.standing(), Standing::Ejected);
        assert!(!health.out_by_opinion() && health.last_failed() == Some(at(now, 2)));
        probed(&mut health, Found::Well, at(now, 3));
        assert!(health.begin());
        record(&mut health, Verdict::Good, at(now, 3));
        assert_eq!((health.standing(), health.due()), (Standing::Well, None));
        assert!(health.weight(at(now, 3)) < 0.01 && health.weight(at(now, 5)) > 0.99);
    }
}

#[test]
fn what_shows_nothing_leaves_it_at_the_term() {
    let now = Instant::now();
    for word in [Word::Own, Word::Others] {
        for found in [Found::Unclear, Found::Silent, Found::Unasked] {
            let mut health = leaving(word, now);
            assert_eq!(looked_at(&mut health, now, |_| found), 30, "{word:?} {found:?}");
            assert_eq!(health.standing(), Standing::Well);
        }
    }
}

#[test]
fn a_member_that_the_set_does_not_let_go_is_spared_for_its_term_though_it_is_gone() {
    let now = Instant::now();
    let mut health = leaving(Word::Own, now);
    for _ in 0..30 {
        assert_eq!(health.standing(), Standing::Leaving);
        let due = health.due().unwrap();
        probed_where(&mut health, Found::Gone, due, Allowed { by_fact: false, by_opinion: false });
    }
    assert_eq!(health.standing(), Standing::Well);
}

#[test]
fn what_was_asked_before_its_last_word_does_not_bring_it_back() {
    let now = Instant::now();
    let mut health = leaving(Word::Own, now);
    let due = health.due().unwrap();
    // The probe is under way.
    say(&mut health, Word::Own, due);
    let look = Look { due, found: Found::Well, now: due, chance: MIDDLE, requests: 0 };
    health.probed(&look, &HealthPolicy::default(), FREELY);
    assert_eq!(health.standing(), Standing::Leaving);
}

#[test]
fn a_member_that_says_all_the_time_that_it_goes_is_looked_at_nevertheless() {
    let begin = Instant::now();
    let mut health = leaving(Word::Own, begin);
    let due = health.due();
    for millis in (0..1_000).step_by(100) {
        say(&mut health, Word::Own, begin + Duration::from_millis(millis));
        assert_eq!(health.due(), due);
    }
    assert_eq!(
        looked_at(&mut health, begin, |_| Found::Unasked),
        30,
        "a term after its last word, in whole seconds"
    );
}

#[test]
fn where_nobody_is_asked_it_is_due_once() {
    let now = Instant::now();
    let mut health = leaving(Word::Own, now);
    probed(&mut health, Found::Unasked, at(now, 1));
    assert_eq!(health.due(), Some(at(now, 30)));
}

#[test]
fn a_member_that_is_out_or_on_trial_is_not_spared_for_being_sent_away() {
    let now = Instant::now();
    let mut health = ejected(now);
    say(&mut health, Word::Others, now);
    assert_eq!(health.standing(), Standing::Ejected);
    probed(&mut health, Found::Well, now);
    say(&mut health, Word::Others, now);
    assert_eq!(health.standing(), Standing::Trial);
}

#[test]
fn a_member_that_says_again_that_it_goes_within_a_term_of_being_found_well_is_spared_for_the_whole_term() {
    let begin = Instant::now();
    // It was found well after one second, and a term is thirty.
    for (again, back) in [(1, 31), (5, 35), (30, 60), (31, 32), (40, 41)] {
        let mut health = leaving(Word::Own, begin);
        assert_eq!(looked_at(&mut health, begin, |_| Found::Well), 1);
        say(&mut health, Word::Own, at(begin, again));
        assert_eq!(looked_at(&mut health, begin, |_| Found::Well), back, "again after {again} s");
    }
}
