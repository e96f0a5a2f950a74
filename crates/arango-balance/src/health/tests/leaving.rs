//! Members that are about to go, and what shows that they are back.

use super::*;

fn at(begin: Instant, seconds: u64) -> Instant {
    begin + Duration::from_secs(seconds)
}

/// About to go by its own word, or by that of others.
fn leaving(word: DrainSource, now: Instant) -> Health {
    let mut health = Health::new(now);
    say(&mut health, word, now);
    health
}

fn say(health: &mut Health, word: DrainSource, now: Instant) {
    match word {
        DrainSource::Member => record(health, Signal::Draining, now),
        DrainSource::Caller => health.drain_requested(now, MIDDLE, &HealthPolicy::default()),
    }
}

/// Looks at it each time it is due, until it is not leaving any more; when that is, in seconds.
fn looked_at(health: &mut Health, begin: Instant, found: impl Fn(u64) -> ProbeOutcome) -> u64 {
    while let (MemberState::Draining, Some(due)) = (health.state(), health.next_probe()) {
        let seconds = (due - begin).as_secs();
        assert!(seconds < 1_000, "it is spared for ever");
        probed(health, found(seconds), due);
        if health.state() != MemberState::Draining {
            return seconds;
        }
    }
    unreachable!("it was about to go")
}

#[test]
fn a_member_that_said_it_goes_and_is_found_well_is_back_at_once_and_warms_up() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Member, now);
    assert_eq!(looked_at(&mut health, now, |_| ProbeOutcome::Available), 1);
    assert_eq!(health.state(), MemberState::Healthy);
    assert!(health.weight(at(now, 1)) < 0.01 && health.weight(at(now, 3)) > 0.99);
}

#[test]
fn a_member_that_says_it_is_busy_goes_on_leaving_for_a_term_after_it_last_did() {
    let now = Instant::now();
    let found = |seconds| if seconds < 40 { ProbeOutcome::Unavailable } else { ProbeOutcome::TimedOut };
    assert_eq!(looked_at(&mut leaving(DrainSource::Member, now), now, found), 39 + 30);
}

#[test]
fn a_member_that_was_sent_away_is_not_back_for_being_well() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Caller, now);
    assert_eq!(looked_at(&mut health, now, |_| ProbeOutcome::Available), 30, "but it has stayed");
    assert!(health.weight(at(now, 30)) < 0.01, "it may have started anew");
}

#[test]
fn a_member_that_was_sent_away_is_not_back_for_handing_on_the_word_of_another() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Caller, now);
    say(&mut health, DrainSource::Member, at(now, 5));
    assert_eq!(looked_at(&mut health, now, |_| ProbeOutcome::Available), 35);
    let mut health = leaving(DrainSource::Member, now);
    say(&mut health, DrainSource::Caller, now);
    assert_eq!(looked_at(&mut health, now, |_| ProbeOutcome::Available), 30);
}

#[test]
fn a_member_that_is_seen_gone_is_ejected_and_comes_back_by_a_trial() {
    let now = Instant::now();
    for word in [DrainSource::Member, DrainSource::Caller] {
        let mut health = leaving(word, now);
        let found = |seconds| if seconds < 2 { ProbeOutcome::Unavailable } else { ProbeOutcome::Unreachable };
        assert_eq!(looked_at(&mut health, now, found), 2);
        assert_eq!(health.state(), MemberState::Ejected);
        assert!(!health.is_out_for_responses() && health.last_failed() == Some(at(now, 2)));
        probed(&mut health, ProbeOutcome::Available, at(now, 3));
        assert!(health.start_half_open());
        record(&mut health, Signal::Success, at(now, 3));
        assert_eq!((health.state(), health.next_probe()), (MemberState::Healthy, None));
        assert!(health.weight(at(now, 3)) < 0.01 && health.weight(at(now, 5)) > 0.99);
    }
}

#[test]
fn what_shows_nothing_leaves_it_at_the_term() {
    let now = Instant::now();
    for word in [DrainSource::Member, DrainSource::Caller] {
        for found in [ProbeOutcome::Inconclusive, ProbeOutcome::TimedOut, ProbeOutcome::NotProbed] {
            let mut health = leaving(word, now);
            assert_eq!(looked_at(&mut health, now, |_| found), 30, "{word:?} {found:?}");
            assert_eq!(health.state(), MemberState::Healthy);
        }
    }
}

#[test]
fn a_member_that_the_set_does_not_let_go_is_spared_for_its_term_though_it_is_gone() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Member, now);
    for _ in 0..30 {
        assert_eq!(health.state(), MemberState::Draining);
        let due = health.next_probe().unwrap();
        probed_where(
            &mut health,
            ProbeOutcome::Unreachable,
            due,
            EjectionLimit { for_connectivity: false, for_responses: false },
        );
    }
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn what_was_asked_before_its_last_word_does_not_bring_it_back() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Member, now);
    let due = health.next_probe().unwrap();
    // The probe is under way.
    say(&mut health, DrainSource::Member, due);
    let look = ProbeReport { due, outcome: ProbeOutcome::Available, now: due, random: MIDDLE, requests: 0 };
    health.probed(&look, &HealthPolicy::default(), FREELY);
    assert_eq!(health.state(), MemberState::Draining);
}

#[test]
fn a_member_that_says_all_the_time_that_it_goes_is_looked_at_nevertheless() {
    let begin = Instant::now();
    let mut health = leaving(DrainSource::Member, begin);
    let due = health.next_probe();
    for millis in (0..1_000).step_by(100) {
        say(&mut health, DrainSource::Member, begin + Duration::from_millis(millis));
        assert_eq!(health.next_probe(), due);
    }
    assert_eq!(
        looked_at(&mut health, begin, |_| ProbeOutcome::NotProbed),
        30,
        "a term after its last word, in whole seconds"
    );
}

#[test]
fn where_nobody_is_asked_it_is_due_once() {
    let now = Instant::now();
    let mut health = leaving(DrainSource::Member, now);
    probed(&mut health, ProbeOutcome::NotProbed, at(now, 1));
    assert_eq!(health.next_probe(), Some(at(now, 30)));
}

#[test]
fn a_member_that_is_out_or_on_trial_is_not_spared_for_being_sent_away() {
    let now = Instant::now();
    let mut health = ejected(now);
    say(&mut health, DrainSource::Caller, now);
    assert_eq!(health.state(), MemberState::Ejected);
    probed(&mut health, ProbeOutcome::Available, now);
    say(&mut health, DrainSource::Caller, now);
    assert_eq!(health.state(), MemberState::HalfOpen);
}

#[test]
fn a_member_that_says_again_that_it_goes_within_a_term_of_being_found_well_is_spared_for_the_whole_term() {
    let begin = Instant::now();
    // It was found well after one second, and a term is thirty.
    for (again, back) in [(1, 31), (5, 35), (30, 60), (31, 32), (40, 41)] {
        let mut health = leaving(DrainSource::Member, begin);
        assert_eq!(looked_at(&mut health, begin, |_| ProbeOutcome::Available), 1);
        say(&mut health, DrainSource::Member, at(begin, again));
        assert_eq!(looked_at(&mut health, begin, |_| ProbeOutcome::Available), back, "again after {again} s");
    }
}
