//! The share of ejected members from which on ejections are disregarded.

use super::*;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Who is asked when the first `ejected` of so many members are ejected, and the others have failed once, later.
///
/// Where ejections are disregarded it is the member that failed longest ago, which is `a`.
async fn asked(size: usize, ejected: usize) -> Vec<&'static str> {
    let members = Members::new(NAMES.into_iter().take(size));
    let list = members.snapshot();
    for member in &list[..ejected] {
        eject(member);
        sleep(Duration::from_millis(1)).await;
    }
    for member in &list[ejected..] {
        member.record(Signal::Unreachable, Instant::now());
    }
    let mut service = naming(&members, RoundRobin::default());
    let mut names = Vec::new();
    for _ in 0..2 * size {
        names.push(ask(&mut service, Wish::default()).await.unwrap());
    }
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test(start_paused = true)]
async fn while_exactly_half_of_the_members_are_ejected_the_other_half_takes_all_requests() {
    assert_eq!(asked(2, 1).await, ["b"]);
    assert_eq!(asked(4, 2).await, ["c", "d"]);
    assert_eq!(asked(6, 3).await, ["d", "e", "f"]);
}

#[tokio::test(start_paused = true)]
async fn while_more_than_half_of_the_members_are_ejected_ejections_are_disregarded() {
    for (size, ejected) in [(3, 2), (4, 3), (5, 3), (6, 4)] {
        assert_eq!(asked(size, ejected).await, ["a"], "{ejected} of {size}");
    }
}
