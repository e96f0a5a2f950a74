//! Who is told that a member is out.

use std::sync::{Mutex, OnceLock};

use super::*;

type Told = Arc<Mutex<Vec<&'static str>>>;

fn telling(probed: ProbeResult) -> (Members<&'static str>, Told) {
    let told = Told::default();
    let ears = Arc::clone(&told);
    let members = Members::builder()
        .probe(move |_| async move { probed })
        .on_ejection(move |member| ears.lock().unwrap().push(*member.key()))
        .build(["a", "b", "c"]);
    (members, told)
}

fn take(told: &Told) -> Vec<&'static str> {
    std::mem::take(&mut *told.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_told_once_of_each_ejection_and_of_each_beginning_to_leave() {
    let (members, told) = telling(ProbeResult::Available);
    let list = members.snapshot();
    list[0].record(Signal::Overloaded, Instant::now());
    list[0].record(Signal::Failure, Instant::now());
    assert!(take(&told).is_empty(), "it is still there");
    eject(&list[1]);
    list[1].record(Signal::Unreachable, Instant::now());
    assert_eq!(take(&told), ["b"]);
    list[2].record(Signal::Draining, Instant::now());
    list[2].record(Signal::Draining, Instant::now());
    assert_eq!(take(&told), ["c"]);
    eject(&list[2]);
    assert_eq!(take(&told), ["c"]);
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_told_again_when_a_trial_fails_but_not_when_a_member_comes_back() {
    let (members, told) = telling(ProbeResult::Available);
    let mut service = naming(&members, RoundRobin::default());
    let member = members.snapshot()[0].clone();
    eject(&member);
    for (answer, heard) in [(Signal::Unreachable, &["a"][..]), (Signal::Success, &[])] {
        ask(&mut service, Wish::default()).await.unwrap();
        sleep(Duration::from_secs(3)).await;
        assert_eq!(member.state(), MemberState::HalfOpen);
        take(&told);
        member.record(answer, Instant::now());
        assert_eq!(take(&told), heard);
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_not_told_again_of_a_member_that_stays_out() {
    let (members, told) = telling(ProbeResult::Unreachable);
    eject(&members.snapshot()[0]);
    assert_eq!(take(&told), ["a"]);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert!(take(&told).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_owner_is_told_once_of_a_member_that_was_about_to_go_and_has_gone() {
    let (members, told) = telling(ProbeResult::Unreachable);
    members.snapshot()[0].drain(Instant::now());
    assert_eq!(take(&told), ["a"]);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(members.snapshot()[0].state(), MemberState::Ejected);
    assert!(take(&told).is_empty(), "it had left the rotation before");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_may_ask_the_set() {
    let set: Arc<OnceLock<Members<&'static str>>> = Arc::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (of, ears) = (Arc::downgrade(&set), Arc::clone(&seen));
    let members = Members::builder()
        .on_ejection(move |_| {
            let set = of.upgrade().unwrap();
            for member in set.get().unwrap().snapshot().iter() {
                ears.lock().unwrap().push(member.state());
            }
        })
        .build(["a", "b"]);
    set.set(members.clone()).unwrap();
    members.snapshot()[0].record(Signal::Draining, Instant::now());
    assert_eq!(*seen.lock().unwrap(), [MemberState::Draining, MemberState::Healthy]);
}
