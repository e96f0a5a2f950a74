//! The observer of ejections.

use std::sync::{Mutex, OnceLock};

use super::*;

type ObservedKeys = Arc<Mutex<Vec<&'static str>>>;

fn observed_set(result: ProbeResult) -> (Members<&'static str>, ObservedKeys) {
    let keys = ObservedKeys::default();
    let seen = Arc::clone(&keys);
    let members = Members::builder()
        .probe(move |_| async move { result })
        .on_ejection(move |member| seen.lock().unwrap().push(*member.key()))
        .build(["a", "b", "c"]);
    (members, keys)
}

fn take_keys(keys: &ObservedKeys) -> Vec<&'static str> {
    std::mem::take(&mut *keys.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_called_once_per_ejection_and_per_start_of_draining() {
    let (members, keys) = observed_set(ProbeResult::Available);
    let list = members.snapshot();
    list[0].record(Signal::Overloaded, Instant::now());
    list[0].record(Signal::Failure, Instant::now());
    assert!(take_keys(&keys).is_empty(), "an overloaded member is still available");
    eject(&list[1]);
    list[1].record(Signal::Unreachable, Instant::now());
    assert_eq!(take_keys(&keys), ["b"]);
    list[2].record(Signal::Draining, Instant::now());
    list[2].record(Signal::Draining, Instant::now());
    assert_eq!(take_keys(&keys), ["c"]);
    eject(&list[2]);
    assert_eq!(take_keys(&keys), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_called_again_if_the_half_open_request_fails_but_not_on_recovery() {
    let (members, keys) = observed_set(ProbeResult::Available);
    let mut service = named_services(&members, RoundRobin::default());
    let member = members.snapshot()[0].clone();
    eject(&member);
    for (signal, expected) in [(Signal::Unreachable, &["a"][..]), (Signal::Success, &[])] {
        send(&mut service, TestRequest::default()).await.unwrap();
        sleep(Duration::from_secs(3)).await;
        assert_eq!(member.state(), MemberState::HalfOpen);
        take_keys(&keys);
        member.record(signal, Instant::now());
        assert_eq!(take_keys(&keys), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_not_called_again_for_a_member_that_stays_ejected() {
    let (members, keys) = observed_set(ProbeResult::Unreachable);
    eject(&members.snapshot()[0]);
    assert_eq!(take_keys(&keys), ["a"]);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert!(take_keys(&keys).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_observer_is_called_once_for_a_draining_member_that_becomes_unreachable() {
    let (members, keys) = observed_set(ProbeResult::Unreachable);
    members.snapshot()[0].drain(Instant::now());
    assert_eq!(take_keys(&keys), ["a"]);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(members.snapshot()[0].state(), MemberState::Ejected);
    assert!(take_keys(&keys).is_empty(), "the observer was called when draining started");
}

#[tokio::test(start_paused = true)]
async fn the_observer_may_use_the_set() {
    let set: Arc<OnceLock<Members<&'static str>>> = Arc::default();
    let states = Arc::new(Mutex::new(Vec::new()));
    let (weak, seen) = (Arc::downgrade(&set), Arc::clone(&states));
    let members = Members::builder()
        .on_ejection(move |_| {
            let set = weak.upgrade().unwrap();
            for member in set.get().unwrap().snapshot().iter() {
                seen.lock().unwrap().push(member.state());
            }
        })
        .build(["a", "b"]);
    set.set(members.clone()).unwrap();
    members.snapshot()[0].record(Signal::Draining, Instant::now());
    assert_eq!(*states.lock().unwrap(), [MemberState::Draining, MemberState::Healthy]);
}
