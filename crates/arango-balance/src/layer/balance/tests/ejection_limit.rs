//! Ejections are disregarded if more than half of the members are ejected.

use super::*;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Returns the picked members of a set of `size` with `ejected` ejected members.
///
/// The first members are ejected; each of the others has failed once, later. If ejections are disregarded, the only
/// picked member is the one that failed longest ago, which is `a`.
async fn picked(size: usize, ejected: usize) -> Vec<&'static str> {
    let members = Members::new(NAMES.into_iter().take(size));
    let list = members.snapshot();
    for member in &list[..ejected] {
        eject(member);
        sleep(Duration::from_millis(1)).await;
    }
    for member in &list[ejected..] {
        member.record(Signal::Unreachable, Instant::now());
    }
    let mut service = named_services(&members, RoundRobin::default());
    let mut names = Vec::new();
    for _ in 0..2 * size {
        names.push(send(&mut service, TestRequest::default()).await.unwrap());
    }
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test(start_paused = true)]
async fn with_exactly_half_of_the_members_ejected_the_other_half_gets_all_requests() {
    assert_eq!(picked(2, 1).await, ["b"]);
    assert_eq!(picked(4, 2).await, ["c", "d"]);
    assert_eq!(picked(6, 3).await, ["d", "e", "f"]);
}

#[tokio::test(start_paused = true)]
async fn with_more_than_half_of_the_members_ejected_ejections_are_disregarded() {
    for (size, ejected) in [(3, 2), (4, 3), (5, 3), (6, 4)] {
        assert_eq!(picked(size, ejected).await, ["a"], "{ejected} of {size}");
    }
}
