//! Concurrency tests that explore all thread interleavings with loom.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p arango-balance --lib --target-dir target/loom loom_tests::
//! ```
//!
//! Loom controls the primitives of [`sync`](crate::sync). The list of members and the channel of state changes are not
//! covered: the libraries that implement them have loom tests.

use std::sync::Arc;
use std::time::Duration;

use loom::model;
use loom::thread;
use tokio::time::Instant;

use crate::health::probe_result::ProbeResult;
use crate::health::signal::Signal;
use crate::load::decaying_value::{DecayingValue, Tick};
use crate::members::member::Member;
use crate::members::set::Members;

/// Returns a set of two members, and the first of them.
///
/// One member is not enough, because the only member of a set is never ejected.
fn pair() -> (Members<&'static str>, Member<&'static str>) {
    let members = Members::new(["a", "b"]);
    let member = members.snapshot()[0].clone();
    (members, member)
}

/// Ejects a member and makes it half-open.
fn make_half_open(member: &Member<&'static str>) {
    let now = Instant::now();
    for _ in 0..3 {
        member.record(Signal::Unreachable, now);
    }
    let due = member.health().next_probe().expect("the member is ejected");
    member.record_probe_at(due, ProbeResult::Available, now);
}

/// Asserts that everything derived from the health is consistent with it.
fn assert_consistent(members: &Members<&'static str>) {
    let list = members.snapshot();
    for member in list.iter() {
        assert_eq!(member.is_clean(), member.health().is_clean());
        assert_eq!(member.is_degraded(), member.health().is_degraded());
    }
    let degraded = list.iter().filter(|member| member.health().is_degraded()).count();
    assert_eq!(members.degraded_count(), degraded);
    let mut slots = members.0.flags.degraded.slots().to_vec();
    slots.sort_unstable();
    let expected = list.iter().filter(|member| member.is_degraded()).map(Member::slot);
    assert_eq!(slots, expected.collect::<Vec<_>>(), "the set lists exactly the degraded members");
}

#[test]
fn of_two_concurrent_updates_neither_is_lost() {
    model(|| {
        let decaying = Arc::new(DecayingValue::new());
        let other = {
            let decaying = Arc::clone(&decaying);
            thread::spawn(move || decaying.update(Tick(1), |before| Some(before.value + 1.0)))
        };
        decaying.update(Tick(1), |before| Some(before.value + 2.0));
        other.join().unwrap();
        assert!((decaying.read(Tick(1)) - 3.0).abs() < f32::EPSILON);
    });
}

#[test]
fn a_value_is_never_read_with_the_time_of_another_sample() {
    model(|| {
        let decaying = Arc::new(DecayingValue::new());
        decaying.update(Tick(0), |_| Some(1_000_000.0));
        let other = {
            let decaying = Arc::clone(&decaying);
            thread::spawn(move || decaying.update(Tick(100_000), |_| Some(1.0)))
        };
        // The old value has decayed to 45. Read with the time of the new sample it would be a million.
        assert!(decaying.read(Tick(100_000)) < 46.0);
        other.join().unwrap();
    });
}

#[test]
fn the_slower_of_two_responses_counts_in_any_order() {
    model(|| {
        let (members, member) = pair();
        members.measure_load();
        let now = Instant::now();
        let ago = |millis: u64| now.checked_sub(Duration::from_millis(millis)).unwrap();
        let other = {
            let (member, started) = (member.clone(), ago(9_000));
            thread::spawn(move || member.record(Signal::Success, started))
        };
        member.record(Signal::Success, ago(5_000));
        other.join().unwrap();
        // The clock advances while loom runs, by much less than a second.
        assert_eq!(member.load(now).latency().unwrap().as_secs(), 9);
    });
}

#[test]
fn requests_in_flight_are_counted_until_they_end() {
    model(|| {
        let (_members, member) = pair();
        let mine = member.clone().start_request();
        let other = {
            let member = member.clone();
            thread::spawn(move || {
                let theirs = member.clone().start_request();
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
fn only_one_of_two_concurrent_requests_is_the_half_open_one() {
    model(|| {
        let (_members, member) = pair();
        make_half_open(&member);
        let other = {
            let member = member.clone();
            thread::spawn(move || member.clone().start_request())
        };
        let mine = member.clone().start_request();
        let theirs = other.join().unwrap();
        let (mine, theirs) =
            (mine.expect("the member is not retired"), theirs.expect("the member is not retired"));
        assert!(mine.is_half_open() != theirs.is_half_open(), "exactly one of them");
        assert!(!member.health().accepts_request());
        drop((mine, theirs));
        assert!(
            member.health().accepts_request(),
            "no outcome was recorded: the next request is let through"
        );
    });
}

#[test]
fn of_two_members_that_fail_concurrently_at_most_half_are_ejected_for_responses() {
    model(|| {
        let (members, member) = pair();
        let second = members.snapshot()[1].clone();
        let now = Instant::now();
        for _ in 0..4 {
            member.record(Signal::GatewayError, now);
            second.record(Signal::GatewayError, now);
        }
        let other = thread::spawn(move || second.record(Signal::GatewayError, now));
        member.record(Signal::GatewayError, now);
        other.join().unwrap();
        let ejected = members.snapshot().iter().filter(|member| member.is_ejected()).count();
        assert_eq!(ejected, 1, "the limit of a set of two");
    });
}

#[test]
fn a_retired_member_has_no_request_in_flight_and_gets_none() {
    model(|| {
        let (_members, member) = pair();
        let other = {
            let member = member.clone();
            thread::spawn(move || member.start_request())
        };
        let is_retired = member.retire(false);
        let in_flight = other.join().unwrap();
        assert!(!(is_retired && in_flight.is_some()), "either of them is first");
        assert_eq!(member.in_flight(), usize::from(in_flight.is_some()));
        drop(in_flight);
        assert!(is_retired || member.retire(false));
        assert!(member.clone().start_request().is_none());
        assert_eq!(member.in_flight(), 0);
    });
}

#[test]
fn flags_are_consistent_with_the_health_after_concurrent_changes() {
    model(|| {
        let (members, member) = pair();
        let other = {
            let member = member.clone();
            thread::spawn(move || member.record(Signal::Overloaded, Instant::now()))
        };
        member.record(Signal::Draining, Instant::now());
        other.join().unwrap();
        assert_consistent(&members);
        assert_eq!(members.degraded_count(), 1);
    });
}

#[test]
fn a_failure_concurrent_with_a_success_leaves_consistent_flags() {
    model(|| {
        let (members, member) = pair();
        member.record(Signal::Unreachable, Instant::now());
        let other = {
            let member = member.clone();
            thread::spawn(move || member.record(Signal::Success, Instant::now()))
        };
        member.record(Signal::Unreachable, Instant::now());
        other.join().unwrap();
        assert_consistent(&members);
    });
}

#[test]
fn a_failure_concurrent_with_a_half_open_success_leaves_consistent_flags() {
    model(|| {
        let (members, member) = pair();
        make_half_open(&member);
        let other = {
            let member = member.clone();
            thread::spawn(move || member.record(Signal::Success, Instant::now()))
        };
        member.record(Signal::Unreachable, Instant::now());
        other.join().unwrap();
        assert_consistent(&members);
    });
}

#[test]
fn a_dropped_member_is_no_longer_counted_as_degraded() {
    model(|| {
        let (members, member) = pair();
        let other = {
            let member = member.clone();
            thread::spawn(move || member.record(Signal::Draining, Instant::now()))
        };
        members.shrink();
        drop(member);
        other.join().unwrap();
        assert_eq!(members.degraded_count(), 0);
        assert!(members.0.flags.degraded.slots().is_empty());
    });
}
