//! Every order in which threads may meet, run through by loom.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p arango-balance --lib --target-dir target/loom threads::
//! ```
//!
//! Loom sees what [`sync`](crate::sync) hands out. The list of members and the channel of changes are other
//! libraries', which check themselves.

use loom::model;
use loom::thread;
use tokio::time::Instant;

use crate::fading::{Fading, Tick};
use crate::{Member, Members, Probed, Verdict};

use std::sync::Arc;

/// Two of "a" and "b": one alone is never ejected.
fn pair() -> (Members<&'static str>, Member<&'static str>) {
    let members = Members::new(["a", "b"]);
    let member = members.snapshot()[0].clone();
    (members, member)
}

/// Brings a member that is out to its trial.
fn to_trial(member: &Member<&'static str>) {
    let now = Instant::now();
    for _ in 0..3 {
        member.report(Verdict::Unreachable, now);
    }
    let due = member.health().due().expect("it is out");
    member.probed_at(due, Probed::Well, now);
}

/// What is derived from the health is what follows from it.
fn assert_true_to_health(members: &Members<&'static str>) {
    let list = members.snapshot();
    for member in list.iter() {
        assert_eq!(member.is_clean(), member.health().is_clean());
        assert_eq!(member.is_apart(), member.health().is_apart());
    }
    let apart = list.iter().filter(|member| member.health().is_apart()).count();
    assert_eq!(members.apart(), apart);
    let mut slots = members.0.glance.apart.slots().to_vec();
    slots.sort_unstable();
    let theirs = list.iter().filter(|member| member.is_apart()).map(Member::slot);
    assert_eq!(slots, theirs.collect::<Vec<_>>(), "and who they are");
}

#[test]
fn of_two_numbers_noted_at_once_neither_is_lost() {
    model(|| {
        let fading = Arc::new(Fading::new());
        let other = {
            let fading = Arc::clone(&fading);
            thread::spawn(move || fading.note(Tick(1), |before| Some(before.value + 1.0)))
        };
        fading.note(Tick(1), |before| Some(before.value + 2.0));
        other.join().unwrap();
        assert!((fading.read(Tick(1)) - 3.0).abs() < f32::EPSILON);
    });
}

#[test]
fn a_number_is_never_read_with_the_time_of_another() {
    model(|| {
        let fading = Arc::new(Fading::new());
        fading.note(Tick(0), |_| Some(1_000_000.0));
        let other = {
            let fading = Arc::clone(&fading);
            thread::spawn(move || fading.note(Tick(100_000), |_| Some(1.0)))
        };
        // Faded to 45 if it is the old one; the old one as if it were new would be a million.
        assert!(fading.read(Tick(100_000)) < 46.0);
        other.join().unwrap();
    });
}

#[test]
fn the_slowest_of_two_answers_is_what_counts_in_whatever_order_they_come() {
    model(|| {
        let (members, member) = pair();
        members.measure();
        let now = Instant::now();
        let report = |millis: u64| now.checked_sub(std::time::Duration::from_millis(millis)).unwrap();
        let other = {
            let (member, began) = (member.clone(), report(9_000));
            thread::spawn(move || member.report(Verdict::Good, began))
        };
        member.report(Verdict::Good, report(5_000));
        other.join().unwrap();
        // The clock goes on while loom runs, by much less than a second.
        assert_eq!(member.load(now).latency().unwrap().as_secs(), 9);
    });
}

#[test]
fn requests_in_flight_are_counted_until_they_end() {
    model(|| {
        let (_members, member) = pair();
        let mine = member.clone().begin();
        let other = {
            let member = member.clone();
            thread::spawn(move || {
                let theirs = member.clone().begin();
                assert!((1..=2).contains(&member.in_flight()));
                drop(theirs);
            })
        };
        drop(mine);
        other.join().unwrap();
        assert_eq!((member.in_flight(), member.requests()), (0, 2));
    });
}

#[test]
fn one_of_two_requests_is_let_through_as_the_trial() {
    model(|| {
        let (_members, member) = pair();
        to_trial(&member);
        let other = {
            let member = member.clone();
            thread::spawn(move || member.clone().begin())
        };
        let mine = member.clone().begin();
        let theirs = other.join().unwrap();
        let (mine, theirs) = (mine.expect("it is there"), theirs.expect("it is there"));
        assert!(mine.is_trial() != theirs.is_trial(), "one and only one");
        assert!(!member.health().open());
        drop((mine, theirs));
        assert!(member.health().open(), "it told nothing: the next one may try");
    });
}

#[test]
fn what_is_seen_at_a_glance_follows_from_the_health_whoever_changes_it() {
    model(|| {
        let (members, member) = pair();
        let other = {
            let member = member.clone();
            thread::spawn(move || member.report(Verdict::Overloaded, Instant::now()))
        };
        member.report(Verdict::Leaving, Instant::now());
        other.join().unwrap();
        assert_true_to_health(&members);
        assert_eq!(members.apart(), 1);
    });
}

#[test]
fn a_member_that_fails_while_another_answer_ends_its_row_is_clean_only_if_it_failed_first() {
    model(|| {
        let (members, member) = pair();
        member.report(Verdict::Unreachable, Instant::now());
        let other = {
            let member = member.clone();
            thread::spawn(move || member.report(Verdict::Good, Instant::now()))
        };
        member.report(Verdict::Unreachable, Instant::now());
        other.join().unwrap();
        assert_true_to_health(&members);
    });
}

#[test]
fn a_member_that_fails_while_its_trial_is_answered_is_seen_as_it_is() {
    model(|| {
        let (members, member) = pair();
        to_trial(&member);
        let other = {
            let member = member.clone();
            thread::spawn(move || member.report(Verdict::Good, Instant::now()))
        };
        member.report(Verdict::Unreachable, Instant::now());
        other.join().unwrap();
        assert_true_to_health(&members);
    });
}

#[test]
fn a_member_that_goes_away_while_it_is_apart_is_no_longer_counted() {
    model(|| {
        let (members, member) = pair();
        let other = {
            let member = member.clone();
            thread::spawn(move || member.report(Verdict::Leaving, Instant::now()))
        };
        members.shrink();
        drop(member);
        other.join().unwrap();
        assert_eq!(members.apart(), 0);
        assert!(members.0.glance.apart.slots().is_empty());
    });
}
