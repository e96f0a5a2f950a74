use std::sync::atomic::AtomicUsize;

use tokio::time::sleep;

use super::*;
use crate::discovery::state_machine::RejectReason;
use crate::health::signal::Signal;
use crate::members::member::Member;

type Key = &'static str;

/// Discovery whose lists contain all of `world`, where each key is its own identity.
fn discovery_task(
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
                Some(&"panic") => panic!("injected"),
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
async fn it_sends_nothing_until_it_is_started_and_then_discovers_members() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (task, lists) = discovery_task(&members, &world);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        task.ensure_running();
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!((keys(&members), lists.load(Ordering::Relaxed)), (vec!["a", "b"], 1));
    *world.lock().unwrap() = vec!["a"];
    sleep(Duration::from_secs(600)).await;
    assert_eq!(keys(&members), ["a"]);
    assert!((9..=13).contains(&lists.load(Ordering::Relaxed)), "once per minute");
}

#[tokio::test(start_paused = true)]
async fn it_survives_errors_panics_and_timeouts() {
    for failure in ["error", "panic", "silence"] {
        let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
        let (task, lists) = discovery_task(&members, &world);
        task.ensure_running();
        sleep(Duration::from_secs(1)).await;
        *world.lock().unwrap() = vec![failure];
        sleep(Duration::from_secs(600)).await;
        assert_eq!(keys(&members), ["a", "b"], "{failure}");
        assert!(lists.load(Ordering::Relaxed) > 10);
        *world.lock().unwrap() = vec!["a", "b", "c"];
        sleep(Duration::from_secs(120)).await;
        assert_eq!(keys(&members), ["a", "b", "c"], "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_identification_panics_stays_unverified() {
    let members = Members::new(["a"]);
    let list = |_| async { Ok(vec!["a", "b"]) };
    let identify = |key: Key| async move {
        assert_ne!(key, "b");
        Ok(Identity::One(key.to_owned()))
    };
    let task = DiscoveryTask::new(members.clone(), DiscoveryPolicy::default(), list, identify);
    task.ensure_running();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(keys(&members), ["a"]);
    let reason = RejectReason::Failed("the query panicked".to_owned());
    assert_eq!(task.origin(&"b"), Some(MemberOrigin::Unverified(Some(reason))));
}

#[tokio::test(start_paused = true)]
async fn an_ejection_requests_a_list_at_once_but_at_most_every_two_seconds() {
    let (members, world) = (Members::new(["a", "b", "c"]), world(&["a", "b", "c"]));
    let (task, lists) = discovery_task(&members, &world);
    task.ensure_running();
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
async fn it_ends_with_its_owner_even_with_a_query_in_flight() {
    let (members, world) = (Members::new(["a"]), world(&["silence"]));
    let (task, lists) = discovery_task(&members, &world);
    task.ensure_running();
    sleep(Duration::from_secs(1)).await;
    let shared = Arc::downgrade(&task.0);
    drop(task);
    sleep(Duration::from_millis(1)).await;
    assert!(shared.upgrade().is_none(), "nothing keeps it alive");
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(lists.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn it_sends_nothing_after_its_end() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (task, lists) = discovery_task(&members, &world);
    task.ensure_running();
    task.stop();
    sleep(Duration::from_millis(1)).await;
    task.ensure_running();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!((lists.load(Ordering::Relaxed), keys(&members)), (0, vec!["a"]));
}

#[test]
fn it_restarts_if_its_runtime_was_shut_down() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (task, lists) = discovery_task(&members, &world);
    task.ensure_running(); // outside of a runtime
    for round in 1..=2 {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            task.ensure_running();
            sleep(Duration::from_secs(90)).await;
        });
        assert!(lists.load(Ordering::Relaxed) >= round);
    }
    assert_eq!(keys(&members), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn replaced_seeds_are_members_at_once() {
    let (members, world) = (Members::new(["a"]), world(&["a", "b"]));
    let (task, _) = discovery_task(&members, &world);
    task.ensure_running();
    sleep(Duration::from_secs(10)).await;
    task.replace_seeds(&["c"]);
    assert_eq!(keys(&members), ["c", "b", "a"]);
    *world.lock().unwrap() = vec!["c", "b"];
    sleep(Duration::from_secs(300)).await;
    assert_eq!(keys(&members), ["c", "b"]);
}

#[tokio::test(start_paused = true)]
async fn lists_are_requested_on_time_while_many_listed_addresses_do_not_respond() {
    let members = Members::new([0_u32]);
    let world = Arc::new(Mutex::new((0..200).collect::<Vec<u32>>()));
    let (lists, listed) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&world));
    let counted = Arc::clone(&lists);
    let list = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        let list = listed.lock().unwrap().clone();
        async move { Ok(list) }
    };
    let identify = |key: u32| async move {
        if (2..1_000).contains(&key) {
            std::future::pending::<()>().await;
        }
        Ok(Identity::One(key.to_string()))
    };
    let task = DiscoveryTask::new(members.clone(), DiscoveryPolicy::default(), list, identify);
    task.ensure_running();
    sleep(Duration::from_secs(1_200)).await;
    assert!(lists.load(Ordering::Relaxed) >= 15, "{}", lists.load(Ordering::Relaxed));
    assert_eq!(members.len(), 2);
    *world.lock().unwrap() = vec![0, 1, 1_000];
    sleep(Duration::from_secs(120)).await;
    assert_eq!((members.len(), members.unverified().len()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn every_listed_address_is_identified_even_if_many_do_not_respond() {
    let members = Members::new([0_u32]);
    let list = |_| async { Ok((0..200).collect::<Vec<u32>>()) };
    let identify = |key: u32| async move {
        if (1..199).contains(&key) {
            std::future::pending::<()>().await;
        }
        Ok(Identity::One(key.to_string()))
    };
    let task = DiscoveryTask::new(members.clone(), DiscoveryPolicy::default(), list, identify);
    task.ensure_running();
    // 25 times eight addresses, of which each eight take ten seconds.
    sleep(Duration::from_secs(260)).await;
    assert!(members.get(&199).is_some(), "the last one is not passed over");
}

#[tokio::test(start_paused = true)]
async fn an_address_is_identified_although_a_seed_does_not_respond_before_the_next_list_is_due() {
    let members = Members::new(["a", "down"]);
    let list = |_| async { Ok(vec!["a", "b"]) };
    let identify = |key: Key| async move {
        if key == "down" {
            std::future::pending::<()>().await;
        }
        Ok(Identity::One(key.to_owned()))
    };
    let policy = DiscoveryPolicy::default().interval(Duration::from_secs(2));
    let task = DiscoveryTask::new(members.clone(), policy, list, identify);
    task.ensure_running();
    sleep(Duration::from_secs(60)).await;
    assert!(members.get(&"b").is_some());
}
