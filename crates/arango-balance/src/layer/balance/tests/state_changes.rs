//! State changes received by subscribers.

use tokio_test::{assert_pending, task};

use super::*;
use crate::members::events::{Reason, StateChanges};

type ReceivedChange = (&'static str, MemberState, MemberState, Reason);

async fn next(changes: &mut StateChanges<&'static str>) -> ReceivedChange {
    let change = changes.next().await.unwrap().unwrap();
    assert_eq!(change.at, Instant::now());
    (change.member, change.before, change.after, change.reason)
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_receives_member_states_reason_and_time_of_each_change() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b"]);
    let mut changes = members.subscribe();
    let mut service = named_services(&members, RoundRobin::default());
    let member = members.snapshot()[1].clone();
    eject(&member);
    let unreachable = Reason::Signal(Signal::Unreachable);
    assert_eq!(next(&mut changes).await, ("b", MemberState::Healthy, MemberState::Ejected, unreachable));
    send(&mut service, TestRequest::default()).await.unwrap();
    assert_eq!(
        next(&mut changes).await,
        ("b", MemberState::Ejected, MemberState::HalfOpen, Reason::Probe(ProbeResult::Available))
    );
    member.record(Signal::Success, Instant::now());
    let success = Reason::Signal(Signal::Success);
    assert_eq!(next(&mut changes).await, ("b", MemberState::HalfOpen, MemberState::Healthy, success));
    assert_pending!(task::spawn(changes.next()).poll(), "no other change");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_state_without_a_probe_is_published_as_expired() {
    let members = Members::new(["a", "b"]);
    let mut changes = members.subscribe();
    members.snapshot()[0].record(Signal::Overloaded, Instant::now());
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    let overloaded = Reason::Signal(Signal::Overloaded);
    assert_eq!(next(&mut changes).await, ("a", MemberState::Healthy, MemberState::Overloaded, overloaded));
    assert_eq!(
        next(&mut changes).await,
        ("a", MemberState::Overloaded, MemberState::Healthy, Reason::Expired)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_delays_no_request_and_receives_the_number_of_missed_changes() {
    let members = Members::new(["a", "b"]);
    let mut changes = members.subscribe();
    let member = members.snapshot()[0].clone();
    let mut service = named_services(&members, RoundRobin::default());
    for _ in 0..50 {
        member.record(Signal::Overloaded, Instant::now());
        send(&mut service, TestRequest::default()).await.unwrap();
        sleep(Duration::from_secs(6)).await;
        assert_eq!(member.state(), MemberState::Healthy);
    }
    let lagged = changes.next().await.unwrap().unwrap_err();
    assert_eq!(lagged.missed(), 100 - 64);
    assert!(lagged.to_string().starts_with("36 member state changes"), "{lagged}");
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
    assert_eq!(change.to_string(), "a: ejected after healthy (it could not be reached, or not in time)");
    assert_eq!(changes.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_status_contains_the_time_of_the_last_change_and_of_the_next_probe() {
    let members = Members::builder().random_source(Arc::new(SeededRandom::new(1))).build(["a", "b"]);
    let member = members.snapshot()[0].clone();
    let created = Instant::now();
    sleep(Duration::from_secs(7)).await;
    assert_eq!((member.status().since, member.status().next_probe), (created, None));
    eject(&member);
    let status = member.status();
    assert_eq!((status.state, status.since), (MemberState::Ejected, Instant::now()));
    let ejection = status.next_probe.unwrap() - status.since;
    assert!((800..=1_200).contains(&ejection.as_millis()), "{ejection:?}");
}
