use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::time::{Duration, Instant, advance};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::health::policy::HealthPolicy;
use crate::health::signal::Signal;
use crate::health::state::MemberState;
use crate::layer::balance::{BalanceLayer, NoMember};
use crate::layer::per_member::PerMember;
use crate::members::member::Member;
use crate::members::set::Members;
use crate::pick::route::Route;
use crate::policy::round_robin::RoundRobin;

fn keys<K: Copy>(members: &[Member<K>]) -> Vec<K> {
    members.iter().map(|member| *member.key()).collect()
}

fn all<K: Copy>(members: &Members<K>) -> Vec<K> {
    keys(&members.snapshot())
}

/// A set without slow start for new members.
fn without_slow_start<const N: usize>(keys: [u32; N]) -> Members<u32> {
    let policy = HealthPolicy { slow_start_new: Duration::ZERO, ..HealthPolicy::default() };
    Members::builder().health(policy).build(keys)
}

/// Responds with the key of the member and the number of its service, counted as services are made.
fn numbered(
    members: &Members<u32>,
) -> (impl Service<u32, Response = (u32, usize), Error = NoMember> + Clone, PerMember<u32, Numbered>) {
    let made = Arc::new(AtomicUsize::new(0));
    let per_member = PerMember::new(move |member: &Member<u32>| {
        let (key, number) = (*member.key(), made.fetch_add(1, Ordering::Relaxed));
        Numbered { key, number, _member: member.clone() }
    });
    let layer = BalanceLayer::new(members.clone(), RoundRobin::default());
    (layer.layer(per_member.clone()), per_member)
}

/// Holds its member, like the services of a transport.
#[derive(Clone)]
struct Numbered {
    key: u32,
    number: usize,
    _member: Member<u32>,
}

impl Service<u32> for Numbered {
    type Response = (u32, usize);
    type Error = NoMember;
    type Future = std::future::Ready<Result<(u32, usize), NoMember>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), NoMember>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: u32) -> Self::Future {
        std::future::ready(Ok((self.key, self.number)))
    }
}

#[tokio::test]
async fn an_added_member_gets_requests_and_a_removed_one_gets_none() {
    let members = without_slow_start([1, 2]);
    let (service, _) = numbered(&members);
    members.insert(3);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(service.clone().oneshot(0).await.unwrap().0);
    }
    assert_eq!(seen, [1, 2, 3]);
    members.remove(&2);
    for _ in 0..4 {
        assert_ne!(service.clone().oneshot(0).await.unwrap().0, 2);
    }
}

#[tokio::test]
async fn members_that_stay_keep_their_counts_and_health_when_others_change() {
    let members = Members::new([1, 2, 3]);
    let (service, _) = numbered(&members);
    for _ in 0..6 {
        service.clone().oneshot(0).await.unwrap();
    }
    members.snapshot()[1].record(Signal::Draining, Instant::now());
    members.set([4, 2, 1]);
    assert_eq!(all(&members), [4, 2, 1], "in the given order");
    let list = members.snapshot();
    let requests: Vec<_> = list.iter().map(Member::requests).collect();
    assert_eq!(requests, [0, 2, 2]);
    assert_eq!(list[1].state(), MemberState::Draining);
    members.set([2, 2, 2]);
    assert_eq!(all(&members), [2], "no duplicates");
}

#[tokio::test]
async fn requests_in_flight_at_a_removed_member_are_completed() {
    let members = Members::new(["a"]);
    let release = Arc::new(tokio::sync::Notify::new());
    let gate = Arc::clone(&release);
    let service = BalanceLayer::new(members.clone(), RoundRobin::default()).layer(PerMember::new(
        move |_: &Member<_>| {
            let gate = Arc::clone(&gate);
            service_fn(move |(): ()| {
                let gate = Arc::clone(&gate);
                async move {
                    gate.notified().await;
                    Ok::<_, NoMember>("answered")
                }
            })
        },
    ));
    let call = tokio::spawn(service.clone().oneshot(()));
    tokio::task::yield_now().await;
    let removed = members.remove(&"a").unwrap();
    assert!(members.is_empty());
    assert_eq!((keys(&members.removed()), removed.in_flight()), (vec!["a"], 1));
    assert!(service.oneshot(()).await.is_err(), "no new request is sent");
    release.notify_one();
    assert_eq!(call.await.unwrap().unwrap(), "answered");
    assert!(members.removed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_removed_member_is_retired_after_thirty_seconds_with_a_request_in_flight() {
    let members = Members::new(["a"]);
    let member = members.snapshot()[0].clone();
    let in_flight = member.clone().start_request().unwrap();
    members.remove(&"a");
    advance(Duration::from_secs(29)).await;
    assert_eq!(keys(&members.removed()), ["a"]);
    advance(Duration::from_secs(1)).await;
    assert!(members.removed().is_empty());
    assert!(member.clone().start_request().is_none(), "no request is started");
    assert_eq!(member.in_flight(), 1, "a request in flight is not cancelled");
    drop(in_flight);
    assert_eq!(member.in_flight(), 0);
}

#[tokio::test]
async fn observers_of_removal_and_retirement_are_called_once_each() {
    let (removed, retired) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count_removed, count_retired) = (Arc::clone(&removed), Arc::clone(&retired));
    let members = Members::builder()
        .on_removal(move |_| {
            count_removed.fetch_add(1, Ordering::Relaxed);
        })
        .on_retirement(move |_| {
            count_retired.fetch_add(1, Ordering::Relaxed);
        })
        .build([1, 2]);
    let seen = || (removed.load(Ordering::Relaxed), retired.load(Ordering::Relaxed));
    let in_flight = members.snapshot()[0].clone().start_request().unwrap();
    members.remove(&1);
    assert_eq!(seen(), (1, 0));
    members.remove(&2);
    assert_eq!(seen(), (2, 1), "nothing was in flight there");
    drop(in_flight);
    members.removed();
    members.removed();
    assert_eq!(seen(), (2, 2), "once each");
}

#[tokio::test]
async fn a_key_added_again_before_retirement_is_another_member_with_another_service() {
    let members = Members::new([1]);
    let (service, _) = numbered(&members);
    let before = members.snapshot()[0].clone();
    assert_eq!(service.clone().oneshot(0).await.unwrap(), (1, 0));
    let in_flight = before.clone().start_request().unwrap();
    members.remove(&1);
    members.insert(1);
    let after = members.snapshot()[0].clone();
    assert!(before != after && before.slot() != after.slot());
    assert_eq!(service.clone().oneshot(0).await.unwrap(), (1, 1));
    drop(in_flight);
}

#[tokio::test]
async fn a_slot_is_reused_once_its_member_has_no_handles_and_never_with_its_service() {
    let members = without_slow_start([1, 2]);
    let (service, per_member) = numbered(&members);
    for _ in 0..2 {
        service.clone().oneshot(0).await.unwrap();
    }
    let first = members.remove(&1).unwrap();
    assert_eq!(first.slot(), 0);
    assert_eq!(members.insert(3).slot(), 2, "the service still holds the first");
    per_member.forget(&first);
    assert_eq!(members.insert(4).slot(), 3, "and so does this test");
    drop(first);
    assert_eq!(members.insert(5).slot(), 0);
    let mut responses = Vec::new();
    for _ in 0..4 {
        responses.push(service.clone().oneshot(0).await.unwrap());
    }
    responses.sort_unstable();
    assert_eq!(responses.iter().map(|response| response.0).collect::<Vec<_>>(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn an_unverified_member_gets_only_pinned_requests_that_allow_it() {
    let members = Members::new([1]);
    members.add_unverified(2);
    assert_eq!((all(&members), keys(&members.unverified())), (vec![1], vec![2]));
    assert_eq!(members.len(), 1);
    let pinned = |key, allow_unverified| {
        let route = Route { pinned: Some(key), allow_unverified, ..Route::any() };
        members
            .pick_with(&route, Instant::now(), |_| unreachable!("no policy is called"))
            .map(|member| *member.key())
    };
    assert_eq!((pinned(&2, true), pinned(&2, false), pinned(&3, true)), (Some(2), None, None));
    assert_eq!((pinned(&1, true), pinned(&1, false)), (Some(1), Some(1)));
    let anywhere = members.pick_with(&Route::any(), Instant::now(), |candidates| Some(candidates.len() - 1));
    assert_eq!(anywhere.map(|member| *member.key()), Some(1));
}

#[tokio::test]
async fn a_verified_member_is_the_same_member_and_healthy() {
    let members = Members::new([1, 2]);
    let unverified = members.add_unverified(3);
    assert!(members.add_unverified(3) == unverified && members.add_unverified(1) == members.snapshot()[0]);
    drop(unverified.clone().start_request().unwrap());
    unverified.record(Signal::Draining, Instant::now());
    assert!(members.insert(3) == unverified && members.insert(3) == unverified);
    assert_eq!((unverified.requests(), unverified.state()), (1, MemberState::Healthy));
    assert!(members.unverified().is_empty());
    members.add_unverified(4);
    assert_eq!(members.remove(&4).map(|member| *member.key()), Some(4));
    assert!(members.unverified().is_empty() && members.remove(&4).is_none());
}

#[tokio::test]
async fn failures_of_an_unverified_member_change_neither_its_state_nor_the_cost_of_a_pick() {
    let ejected = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ejected);
    let members = Members::builder()
        .on_ejection(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .build([1, 2]);
    let mut changes = members.subscribe();
    let unverified = members.add_unverified(3);
    let fail = || {
        for signal in [Signal::Unreachable, Signal::GatewayError, Signal::Draining].repeat(5) {
            unverified.record(signal, Instant::now());
        }
        unverified.drain(Instant::now());
    };
    fail();
    assert_eq!((unverified.state(), members.degraded_count()), (MemberState::Healthy, 0));
    assert_eq!(ejected.load(Ordering::Relaxed), 0);
    tokio_test::assert_pending!(tokio_test::task::spawn(changes.next()).poll());
    members.insert(3);
    fail();
    assert_ne!(unverified.state(), MemberState::Healthy, "as a member it counts like any other");
    assert_ne!(ejected.load(Ordering::Relaxed), 0);
}

#[test]
fn requests_concurrent_with_changes_are_all_counted_to_their_end() {
    let members = Members::new([0_u32, 1, 2]);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let members = members.clone();
            scope.spawn(move || {
                for turn in 0..20_000_usize {
                    let route = Route::any();
                    let pick = |candidates: &crate::pick::candidates::Candidates<'_, u32>| {
                        Some((turn + thread) % candidates.len())
                    };
                    let Some(member) = members.pick_with(&route, Instant::now(), pick) else { continue };
                    drop(member.clone().start_request());
                }
            });
        }
        for round in 0..2_000 {
            members.remove(&(round % 4));
            members.insert((round + 1) % 4);
        }
    });
    assert!(members.removed().is_empty(), "no member is kept for a request that has ended");
    assert!(members.snapshot().iter().all(|member| member.in_flight() == 0));
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u32),
    AddUnverified(u32),
    Remove(u32),
    Set(Vec<u32>),
    Begin(usize),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..5_u32).prop_map(Step::Insert),
        (0..5_u32).prop_map(Step::AddUnverified),
        (0..5_u32).prop_map(Step::Remove),
        prop::collection::vec(0..5_u32, 0..4).prop_map(Step::Set),
        (0..5_usize).prop_map(Step::Begin),
        Just(Step::End),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn no_two_members_share_a_slot_and_no_key_is_listed_twice(steps in steps()) {
        let members = Members::new([0]);
        let mut in_flight = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key) => drop(members.insert(key)),
                Step::AddUnverified(key) => drop(members.add_unverified(key)),
                Step::Remove(key) => drop(members.remove(&key)),
                Step::Set(keys) => members.set(keys),
                Step::Begin(index) => {
                    let list = members.snapshot();
                    in_flight.extend(list.get(index).map(|member| (member.clone(), member.clone().start_request().unwrap())));
                }
                Step::End => drop(in_flight.pop()),
            }
            let mut all = members.snapshot().as_ref().clone();
            all.extend(members.unverified().iter().cloned());
            let mut keys: Vec<_> = all.iter().map(|member| *member.key()).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), all.len());
            all.extend(members.removed());
            let mut slots: Vec<_> = all.iter().map(Member::slot).collect();
            slots.sort_unstable();
            slots.dedup();
            prop_assert_eq!(slots.len(), all.len());
            for (member, _) in &in_flight {
                prop_assert!(all.contains(member), "a member with a request in flight is not retired");
            }
        }
    }
}

#[test]
fn a_member_is_found_by_its_key_unless_it_is_unverified_or_removed() {
    let members = Members::new([1, 2]);
    members.add_unverified(3);
    assert_eq!(members.get(&2).as_ref(), members.snapshot().get(1));
    members.remove(&1);
    assert!(members.get(&1).is_none() && members.get(&3).is_none());
}
