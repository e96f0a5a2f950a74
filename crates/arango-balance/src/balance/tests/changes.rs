//! Who has subscribed is told of each change.

use tokio_test::{assert_pending, task};

use super::*;
use crate::{Reason, StateChanges};

type Told = (&'static str, MemberState, MemberState, Reason);

async fn next(changes: &mut StateChanges<&'static str>) -> Told {
    let change = changes.next().await.unwrap().unwrap();
    assert_eq!(change.at, Instant::now());
    (change.member, change.before, change.after, change.reason)
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_is_told_who_changed_from_what_to_what_why_and_when() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b"]);
    let mut changes = members.subscribe();
    let mut service = naming(&members, RoundRobin::default());
    let member = members.snapshot()[1].clone();
    eject(&member);
    let by_attempts = Reason::Signal(Signal::Unreachable);
    assert_eq!(next(&mut changes).await, ("b", MemberState::Healthy, MemberState::Ejected, by_attempts));
    ask(&mut service, Wish::default()).await.unwrap();
    assert_eq!(
        next(&mut changes).await,
        ("b", MemberState::Ejected, MemberState::HalfOpen, Reason::Probe(ProbeResult::Available))
    );
    member.record(Signal::Success, Instant::now());
    let good = Reason::Signal(Signal::Success);
    assert_eq!(next(&mut changes).await, ("b", MemberState::HalfOpen, MemberState::Healthy, good));
    assert_pending!(task::spawn(changes.next()).poll(), "nothing else has changed");
}

#[tokio::test(start_paused = true)]
async fn a_term_that_ends_without_a_probe_is_told_of_as_such() {
    let members = Members::new(["a", "b"]);
    let mut changes = members.subscribe();
    members.snapshot()[0].record(Signal::Overloaded, Instant::now());
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    let said = Reason::Signal(Signal::Overloaded);
    assert_eq!(next(&mut changes).await, ("a", MemberState::Healthy, MemberState::Overloaded, said));
    assert_eq!(
        next(&mut changes).await,
        ("a", MemberState::Overloaded, MemberState::Healthy, Reason::Expired)
    );
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_sleeps_keeps_nobody_waiting_and_learns_how_much_it_has_missed() {
    let members = Members::new(["a", "b"]);
    let mut changes = members.subscribe();
    let member = members.snapshot()[0].clone();
    let mut service = naming(&members, RoundRobin::default());
    for _ in 0..50 {
        member.record(Signal::Overloaded, Instant::now());
        ask(&mut service, Wish::default()).await.unwrap();
        sleep(Duration::from_secs(6)).await;
        assert_eq!(member.state(), MemberState::Healthy);
    }
    let lagged = changes.next().await.unwrap().unwrap_err();
    assert_eq!(lagged.missed(), 100 - 64);
    assert!(lagged.to_string().starts_with("36 changes"), "{lagged}");
    for _ in 0..64 {
        changes.next().await.unwrap().unwrap();
    }
    assert_pending!(task::spawn(changes.next()).poll());
}

#[tokio::test]
async fn a_subscription_ends_with_the_set() {
    let members = Members::new(["a", "b"]);
    let mut changes = members.subscribe();
    eject(&members.snapshot()[0]);
    drop(members);
    let change = changes.next().await.unwrap().unwrap();
    assert_eq!(change.to_string(), "a: ejected after well (it could not be reached)");
    assert_eq!(changes.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_status_tells_since_when_and_until_when() {
    let members = Members::builder().random_source(Arc::new(SeededRandom::new(1))).build(["a", "b"]);
    let member = members.snapshot()[0].clone();
    let made = Instant::now();
    sleep(Duration::from_secs(7)).await;
    assert_eq!((member.status().since, member.status().next_probe), (made, None));
    eject(&member);
    let status = member.status();
    assert_eq!((status.state, status.since), (MemberState::Ejected, Instant::now()));
    let term = status.next_probe.unwrap() - status.since;
    assert!((800..=1_200).contains(&term.as_millis()), "{term:?}");
}
