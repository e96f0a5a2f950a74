//! Ejection of members whose responses are failures too often.

use super::*;

/// Sends `requests` requests; `failures_in_ten` in ten of those to `failing` fail.
async fn run(members: &Members<&'static str>, requests: u32, failing: &str, failures_in_ten: u64) {
    let mut service = named_services(members, RoundRobin::default());
    let list = members.snapshot();
    for _ in 0..requests {
        let name = send(&mut service, TestRequest::default()).await.unwrap();
        let member = list.iter().find(|member| *member.key() == name).unwrap();
        let failed = name == failing && member.requests() % 10 < failures_in_ten;
        member.record(if failed { Signal::Failure } else { Signal::Success }, Instant::now());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_ejected_if_more_than_half_of_its_responses_fail() {
    for (failures_in_ten, state) in [(4, MemberState::Healthy), (6, MemberState::Ejected)] {
        let members = Members::builder().probe(|_| async { ProbeResult::Unavailable }).build(["a", "b"]);
        run(&members, 1_000, "b", 0).await;
        run(&members, 4_000, "b", failures_in_ten).await;
        assert_eq!(members.snapshot()[1].state(), state);
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_half_of_the_members_are_ejected_for_responses() {
    for (size, expected) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3)] {
        let members = Members::new(["a", "b", "c", "d", "e"].into_iter().take(size));
        let list = members.snapshot();
        for _ in 0..100 {
            for (index, member) in list.iter().enumerate() {
                let signal = if index % 2 == 0 { Signal::Failure } else { Signal::GatewayError };
                member.record(signal, Instant::now());
            }
        }
        let ejected = list.iter().filter(|member| member.state() == MemberState::Ejected).count();
        assert_eq!(ejected, expected, "of {size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_open_member_that_was_ejected_for_failures_counts_as_ejected() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(["a", "b"]);
    let list = members.snapshot();
    let fail = |index: usize| {
        for _ in 0..20 {
            list[index].record(Signal::Failure, Instant::now());
        }
    };
    fail(0);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(list[0].state(), MemberState::HalfOpen);
    fail(1);
    assert_eq!(list[1].state(), MemberState::Healthy);
    list[0].record(Signal::Failure, Instant::now());
    assert_eq!(list[0].state(), MemberState::Ejected, "the half-open member is ejected again");
}
