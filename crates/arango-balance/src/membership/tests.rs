use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::time::{Duration, Instant, advance};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{
    BalanceLayer, HealthPolicy, Member, MemberState, Members, NoMember, PerMember, RoundRobin, Route, Signal,
};

fn keys<K: Copy>(members: &[Member<K>]) -> Vec<K> {
    members.iter().map(|member| *member.key()).collect()
}

fn all<K: Copy>(members: &Members<K>) -> Vec<K> {
    keys(&members.snapshot())
}

/// A set whose newcomers take their whole share at once.
fn warm<const N: usize>(keys: [u32; N]) -> Members<u32> {
    let policy = HealthPolicy { slow_start_new: Duration::ZERO, ..HealthPolicy::default() };
    Members::builder().health(policy).build(keys)
}

/// Answers with the key of the member and the number of its service, which counts those that were made.
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

/// Holds its member, as the services of a transport do.
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
async fn a_member_that_comes_takes_its_turn_and_one_that_goes_takes_none() {
    let members = warm([1, 2]);
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
async fn those_that_stay_keep_their_counts_and_their_health_whatever_changes_around_them() {
    let members = Members::new([1, 2, 3]);
    let (service, _) = numbered(&members);
    for _ in 0..6 {
        service.clone().oneshot(0).await.unwrap();
    }
    members.snapshot()[1].record(Signal::Draining, Instant::now());
    members.set([4, 2, 1]);
    assert_eq!(all(&members), [4, 2, 1], "in the order that was given");
    let list = members.snapshot();
    let requests: Vec<_> = list.iter().map(Member::requests).collect();
    assert_eq!(requests, [0, 2, 2]);
    assert_eq!(list[1].state(), MemberState::Draining);
    members.set([2, 2, 2]);
    assert_eq!(all(&members), [2], "none twice");
}

#[tokio::test]
async fn what_is_under_way_at_one_that_was_removed_goes_on_to_its_end() {
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
    assert_eq!((keys(&members.leaving()), removed.in_flight()), (vec!["a"], 1));
    assert!(service.oneshot(()).await.is_err(), "nothing new");
    release.notify_one();
    assert_eq!(call.await.unwrap().unwrap(), "answered");
    assert!(members.leaving().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_was_removed_is_gone_after_thirty_seconds_even_if_something_never_ends() {
    let members = Members::new(["a"]);
    let member = members.snapshot()[0].clone();
    let under_way = member.clone().start_request().unwrap();
    members.remove(&"a");
    advance(Duration::from_secs(29)).await;
    assert_eq!(keys(&members.leaving()), ["a"]);
    advance(Duration::from_secs(1)).await;
    assert!(members.leaving().is_empty());
    assert!(member.clone().start_request().is_none(), "nothing begins there any more");
    assert_eq!(member.in_flight(), 1, "and what is under way is not cut");
    drop(under_way);
    assert_eq!(member.in_flight(), 0);
}

#[tokio::test]
async fn whoever_keeps_something_for_a_member_is_told_when_it_may_go() {
    let (removed, gone) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count_removed, count_gone) = (Arc::clone(&removed), Arc::clone(&gone));
    let members = Members::builder()
        .on_removal(move |_| {
            count_removed.fetch_add(1, Ordering::Relaxed);
        })
        .on_retirement(move |_| {
            count_gone.fetch_add(1, Ordering::Relaxed);
        })
        .build([1, 2]);
    let seen = || (removed.load(Ordering::Relaxed), gone.load(Ordering::Relaxed));
    let under_way = members.snapshot()[0].clone().start_request().unwrap();
    members.remove(&1);
    assert_eq!(seen(), (1, 0));
    members.remove(&2);
    assert_eq!(seen(), (2, 1), "nothing was under way there");
    drop(under_way);
    members.leaving();
    members.leaving();
    assert_eq!(seen(), (2, 2), "once each");
}

#[tokio::test]
async fn one_that_comes_back_while_it_leaves_is_another_member_with_a_service_of_its_own() {
    let members = Members::new([1]);
    let (service, _) = numbered(&members);
    let before = members.snapshot()[0].clone();
    assert_eq!(service.clone().oneshot(0).await.unwrap(), (1, 0));
    let under_way = before.clone().start_request().unwrap();
    members.remove(&1);
    members.insert(1);
    let after = members.snapshot()[0].clone();
    assert!(before != after && before.slot() != after.slot());
    assert_eq!(service.clone().oneshot(0).await.unwrap(), (1, 1));
    drop(under_way);
}

#[tokio::test]
async fn a_slot_is_given_to_another_once_nobody_holds_its_member_and_never_with_its_service() {
    let members = warm([1, 2]);
    let (service, per_member) = numbered(&members);
    for _ in 0..2 {
        service.clone().oneshot(0).await.unwrap();
    }
    let first = members.remove(&1).unwrap();
    assert_eq!(first.slot(), 0);
    assert_eq!(members.insert(3).slot(), 2, "its service holds it still");
    per_member.forget(&first);
    assert_eq!(members.insert(4).slot(), 3, "and so do we");
    drop(first);
    assert_eq!(members.insert(5).slot(), 0);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(service.clone().oneshot(0).await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers.iter().map(|answer| answer.0).collect::<Vec<_>>(), [2, 3, 4, 5]);
}

#[tokio::test]
async fn one_aside_takes_what_tries_it_out_and_nothing_else() {
    let members = Members::new([1]);
    members.add_unverified(2);
    assert_eq!((all(&members), keys(&members.unverified())), (vec![1], vec![2]));
    assert_eq!(members.len(), 1);
    let pinned = |key, allow_unverified| {
        let route = Route { pinned: Some(key), allow_unverified, ..Route::any() };
        members
            .pick_with(&route, Instant::now(), |_| unreachable!("nobody chooses"))
            .map(|member| *member.key())
    };
    assert_eq!((pinned(&2, true), pinned(&2, false), pinned(&3, true)), (Some(2), None, None));
    assert_eq!((pinned(&1, true), pinned(&1, false)), (Some(1), Some(1)));
    let anywhere = members.pick_with(&Route::any(), Instant::now(), |candidates| Some(candidates.len() - 1));
    assert_eq!(anywhere.map(|member| *member.key()), Some(1));
}

#[tokio::test]
async fn one_that_was_tried_out_comes_in_as_the_same_member_and_begins_anew() {
    let members = Members::new([1, 2]);
    let candidate = members.add_unverified(3);
    assert!(members.add_unverified(3) == candidate && members.add_unverified(1) == members.snapshot()[0]);
    drop(candidate.clone().start_request().unwrap());
    candidate.record(Signal::Draining, Instant::now());
    assert!(members.insert(3) == candidate && members.insert(3) == candidate);
    assert_eq!((candidate.requests(), candidate.state()), (1, MemberState::Healthy));
    assert!(members.unverified().is_empty());
    members.add_unverified(4);
    assert_eq!(members.remove(&4).map(|member| *member.key()), Some(4));
    assert!(members.unverified().is_empty() && members.remove(&4).is_none());
}

#[test]
fn requests_that_race_with_changes_are_all_counted_to_their_end() {
    let members = Members::new([0_u32, 1, 2]);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let members = members.clone();
            scope.spawn(move || {
                for turn in 0..20_000_usize {
                    let route = Route::any();
                    let pick =
                        |candidates: &crate::Candidates<'_, u32>| Some((turn + thread) % candidates.len());
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
    assert!(members.leaving().is_empty(), "none is kept for a request that has ended");
    assert!(members.snapshot().iter().all(|member| member.in_flight() == 0));
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u32),
    TryOut(u32),
    Remove(u32),
    Set(Vec<u32>),
    Begin(usize),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..5_u32).prop_map(Step::Insert),
        (0..5_u32).prop_map(Step::TryOut),
        (0..5_u32).prop_map(Step::Remove),
        prop::collection::vec(0..5_u32, 0..4).prop_map(Step::Set),
        (0..5_usize).prop_map(Step::Begin),
        Just(Step::End),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn no_two_members_that_are_around_share_a_slot_and_no_key_is_there_twice(steps in steps()) {
        let members = Members::new([0]);
        let mut under_way = Vec::new();
        for step in steps {
            match step {
                Step::Insert(key) => drop(members.insert(key)),
                Step::TryOut(key) => drop(members.add_unverified(key)),
                Step::Remove(key) => drop(members.remove(&key)),
                Step::Set(keys) => members.set(keys),
                Step::Begin(index) => {
                    let list = members.snapshot();
                    under_way.extend(list.get(index).map(|member| (member.clone(), member.clone().start_request().unwrap())));
                }
                Step::End => drop(under_way.pop()),
            }
            let mut there = members.snapshot().as_ref().clone();
            there.extend(members.unverified().iter().cloned());
            let mut keys: Vec<_> = there.iter().map(|member| *member.key()).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), there.len());
            there.extend(members.leaving());
            let mut slots: Vec<_> = there.iter().map(Member::slot).collect();
            slots.sort_unstable();
            slots.dedup();
            prop_assert_eq!(slots.len(), there.len());
            for (member, _) in &under_way {
                prop_assert!(there.contains(member), "whoever has something under way is still around");
            }
        }
    }
}
