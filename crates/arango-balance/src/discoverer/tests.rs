use std::sync::atomic::AtomicUsize;

use tokio::time::sleep;

use super::*;
use crate::{Member, RejectReason, Signal};

type Key = &'static str;

/// Lists all of `world`, each of whom is who it is called.
fn discoverer(
    members: &Members<Key>,
    world: &Arc<Mutex<Vec<Key>>>,
) -> (DiscoveryTask<Key>, Arc<AtomicUsize>) {
    let (world, lists) = (Arc::clone(world), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&lists);
    let list = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        let list = world.lock().unwrap().clone();
        async move {
            sleep(Duration::from_millis(1)).await;
            match list.first() {
                Some(&"error") => Err("refused".to_owned()),
                Some(&"panic") => panic!("as it does"),
                Some(&"silence") => std::future::pending().await,
                _ => Ok(list),
            }
        }
    };
    let identify = |key: Key| async move { Ok(Identity::One(key.to_owned())) };
    (DiscoveryTask::new(members.clone(), DiscoveryPolicy::default(), list, identify), lists)
}

fn world(keys: &[Key]) -> Arc<Mutex<Vec<Key>>> {
    Arc::new(Mutex::new(keys.to_vec()))
}

fn keys(members: &Members<Key>) -> Vec<Key> {
    members.snapshot().iter().map(|member| *member.key()).collect()
}

#[tokio::test(start_paused = true)]
async fn it_asks_nobody_until_it_is_woken_and_then_finds_who_is_there() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (discoverer, lists) = discoverer(&members, &world);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        discoverer.ensure_running();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!((keys(&members), lists.load(Ordering::Relaxed)), (vec!["a", "b"], 1));
    *world.lock().unwrap() = vec!["a"];
    sleep(Duration::from_secs(600)).await;
    assert_eq!(keys(&members), ["a"]);
    assert!((9..=13).contains(&lists.load(Ordering::Relaxed)), "each minute");
}

#[tokio::test(start_paused = true)]
async fn it_outlives_errors_panics_and_silence() {
    for trouble in ["error", "panic", "silence"] {
        let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
        let (discoverer, lists) = discoverer(&members, &world);
        discoverer.ensure_running();
        sleep(Duration::from_secs(1)).await;
        *world.lock().unwrap() = vec![trouble];
        sleep(Duration::from_secs(600)).await;
        assert_eq!(keys(&members), ["a", "b"], "{trouble}");
        assert!(lists.load(Ordering::Relaxed) > 10);
        *world.lock().unwrap() = vec!["a", "b", "c"];
        sleep(Duration::from_secs(120)).await;
        assert_eq!(keys(&members), ["a", "b", "c"], "{trouble}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_candidate_whose_answer_panics_stays_one() {
    let members = Members::new(["a"]);
    let list = |_| async { Ok(vec!["a", "b"]) };
    let identify = |key: Key| async move {
        assert_ne!(key, "b");
        Ok(Identity::One(key.to_owned()))
    };
    let discoverer = DiscoveryTask::new(members.clone(), DiscoveryPolicy::default(), list, identify);
    discoverer.ensure_running();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(keys(&members), ["a"]);
    let why = RejectReason::Failed("asking panicked".to_owned());
    assert_eq!(discoverer.origins(&"b"), Some(MemberOrigin::Candidate(Some(why))));
}

#[tokio::test(start_paused = true)]
async fn an_ejection_has_it_ask_at_once_but_not_more_often_than_every_two_seconds() {
    let (members, world) = (Members::new(["a", "b", "c"]), world(&["a", "b", "c"]));
    let (discoverer, lists) = discoverer(&members, &world);
    discoverer.ensure_running();
    sleep(Duration::from_secs(10)).await;
    let eject = |member: &Member<Key>| {
        for _ in 0..3 {
            member.record(Signal::Unreachable, Instant::now());
        }
    };
    eject(&members.snapshot()[0]);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 2);
    eject(&members.snapshot()[1]);
    members.snapshot()[2].record(Signal::Draining, Instant::now());
    sleep(Duration::from_millis(1900)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 2);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_owner_even_while_somebody_is_asked() {
    let (members, world) = (Members::new(["a"]), world(&["silence"]));
    let (discoverer, lists) = discoverer(&members, &world);
    discoverer.ensure_running();
    sleep(Duration::from_secs(1)).await;
    let shared = Arc::downgrade(&discoverer.0);
    drop(discoverer);
    sleep(Duration::from_millis(1)).await;
    assert!(shared.upgrade().is_none(), "nothing is kept");
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn it_does_nothing_after_its_end() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (discoverer, lists) = discoverer(&members, &world);
    discoverer.ensure_running();
    discoverer.end();
    sleep(Duration::from_millis(1)).await;
    discoverer.ensure_running();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!((lists.load(Ordering::Relaxed), keys(&members)), (0, vec!["a"]));
}

#[test]
fn it_begins_anew_where_the_runtime_that_it_ran_on_is_gone() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (discoverer, lists) = discoverer(&members, &world);
    discoverer.ensure_running(); // without a runtime
    for round in 1..=2 {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            discoverer.ensure_running();
            sleep(Duration::from_secs(90)).await;
        });
        assert!(lists.load(Ordering::Relaxed) >= round);
    }
    assert_eq!(keys(&members), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn other_seeds_are_members_at_once() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (discoverer, _) = discoverer(&members, &world);
    discoverer.ensure_running();
    sleep(Duration::from_secs(10)).await;
    discoverer.replace_seeds(&["c"]);
    assert_eq!(keys(&members), ["c", "b", "a"]);
    *world.lock().unwrap() = vec!["c", "b"];
    sleep(Duration::from_secs(300)).await;
    assert_eq!(keys(&members), ["c", "b"]);
}
