//! Members that answer, but too often with a failure.

use super::*;

/// Sends requests, of which one member has a part fail; the others fail at nothing.
async fn run(members: &Members<&'static str>, requests: u32, failing: &str, of_ten: u64) {
    let mut service = naming(members, RoundRobin::default());
    let list = members.snapshot();
    for _ in 0..requests {
        let name = ask(&mut service, Wish::default()).await.unwrap();
        let member = list.iter().find(|member| *member.key() == name).unwrap();
        let failed = name == failing && member.requests() % 10 < of_ten;
        member.record(if failed { Signal::Failure } else { Signal::Success }, Instant::now());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_ejected_when_more_than_half_of_what_it_was_sent_failed() {
    for (of_ten, standing) in [(4, MemberState::Healthy), (6, MemberState::Ejected)] {
        let members = Members::builder().probe(|_| async { ProbeResult::Unavailable }).build(["a", "b"]);
        run(&members, 1_000, "b", 0).await;
        run(&members, 4_000, "b", of_ten).await;
        assert_eq!(members.snapshot()[1].state(), standing);
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_half_are_ejected_for_what_they_or_gateways_answer() {
    for (size, most) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3)] {
        let members = Members::new(["a", "b", "c", "d", "e"].into_iter().take(size));
        let list = members.snapshot();
        for _ in 0..100 {
            for (index, member) in list.iter().enumerate() {
                let verdict = if index % 2 == 0 { Signal::Failure } else { Signal::GatewayError };
                member.record(verdict, Instant::now());
            }
        }
        let ejected = list.iter().filter(|member| member.state() == MemberState::Ejected).count();
        assert_eq!(ejected, most, "of {size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_on_trial_for_its_failures_still_counts_among_the_half() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b"]);
    let list = members.snapshot();
    let fail = |index: usize| {
        for _ in 0..20 {
            list[index].record(Signal::Failure, Instant::now());
        }
    };
    fail(0);
    ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(list[0].state(), MemberState::HalfOpen);
    fail(1);
    assert_eq!(list[1].state(), MemberState::Healthy);
    list[0].record(Signal::Failure, Instant::now());
    assert_eq!(list[0].state(), MemberState::Ejected, "it goes out again, and only it");
}
