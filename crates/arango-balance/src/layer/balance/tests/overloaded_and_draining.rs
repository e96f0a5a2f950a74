//! Members that report that they are overloaded or shutting down.

use std::sync::Mutex;

use super::*;
use crate::health::policy::HealthPolicy;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn seeded(seed: u64) -> Members<&'static str> {
    Members::builder().random_source(Arc::new(SeededRandom::new(seed))).build(NAMES)
}

fn record(members: &Members<&'static str>, names: &[&str], signal: Signal) {
    for member in members.snapshot().iter().filter(|member| names.contains(member.key())) {
        member.record(signal, Instant::now());
    }
}

fn state(members: &Members<&'static str>, index: usize) -> MemberState {
    members.snapshot()[index].state()
}

async fn shares<P: Policy<&'static str, TestRequest>>(
    members: &Members<&'static str>,
    policy: P,
    requests: u32,
) -> Vec<f64> {
    let mut service = named_services(members, policy);
    let mut counts = vec![0_u32; members.len()];
    for _ in 0..requests {
        let name = send(&mut service, TestRequest::default()).await.unwrap();
        counts[NAMES.iter().position(|other| *other == name).unwrap()] += 1;
    }
    counts.into_iter().map(|count| f64::from(count) / f64::from(requests)).collect()
}

fn assert_shares(shares: &[f64], expected: [f64; 4]) {
    for (share, expected) in shares.iter().zip(expected) {
        // Five standard deviations of a binomial distribution with n = 20 000.
        let allowed = 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt();
        assert!((share - expected).abs() <= allowed, "{shares:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_member_gets_a_quarter_of_its_share_and_the_rest_is_spread_evenly() {
    for (names, expected) in [
        (&["b"][..], [0.3125, 0.0625, 0.3125, 0.3125]),
        (&["a", "b"], [0.0625, 0.0625, 0.4375, 0.4375]),
        (&["a", "c", "d"], [0.0625, 0.8125, 0.0625, 0.0625]),
    ] {
        let members = seeded(1);
        record(&members, names, Signal::Overloaded);
        assert_shares(&shares(&members, RoundRobin::default(), 20_000).await, expected);
        assert_shares(&shares(&members, Random::seeded(2), 20_000).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn if_all_members_are_overloaded_each_gets_its_share() {
    let members = seeded(1);
    record(&members, &NAMES, Signal::Overloaded);
    assert_eq!(shares(&members, RoundRobin::default(), 400).await, [0.25; 4]);
}

#[tokio::test(start_paused = true)]
async fn with_the_same_seed_the_same_requests_avoid_an_overloaded_member() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let members = seeded(seed);
        record(&members, &["a"], Signal::Overloaded);
        let mut service = named_services(&members, RoundRobin::default());
        let mut names = Vec::new();
        for _ in 0..100 {
            names.push(send(&mut service, TestRequest::default()).await.unwrap());
        }
        runs.push(names);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_request_goes_to_its_member_in_any_state() {
    for signal in [Signal::Overloaded, Signal::Draining] {
        let members = seeded(1);
        record(&members, &["a"], signal);
        let mut service = named_services(&members, RoundRobin::default());
        for _ in 0..50 {
            assert_eq!(
                send(&mut service, TestRequest { pinned: Some("a"), ..TestRequest::default() }).await,
                Ok("a")
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_to_an_untried_healthy_member_before_an_overloaded_one() {
    let members = seeded(1);
    record(&members, &["b", "c"], Signal::Overloaded);
    let mut service = named_services(&members, RoundRobin::default());
    for _ in 0..50 {
        assert_eq!(
            send(&mut service, TestRequest { tried: vec!["a"], ..TestRequest::default() }).await,
            Ok("d")
        );
        let name = send(&mut service, TestRequest { tried: vec!["a", "d"], ..TestRequest::default() })
            .await
            .unwrap();
        assert!(["b", "c"].contains(&name), "{name} was tried");
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_member_gets_only_requests_that_no_other_can_take() {
    let members = seeded(1);
    record(&members, &["a"], Signal::Draining);
    record(&members, &["b", "c", "d"], Signal::Overloaded);
    assert_shares(
        &shares(&members, RoundRobin::default(), 300).await,
        [0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0],
    );

    let mut service = named_services(&members, RoundRobin::default());
    assert_eq!(
        send(&mut service, TestRequest { tried: vec!["b", "c", "d"], ..TestRequest::default() }).await,
        Ok("a")
    );
    for member in &members.snapshot()[1..] {
        eject(member);
    }
    assert_eq!(send(&mut service, TestRequest::default()).await, Ok("a"));
    // Fewer than half are available. Neither of the two has failed, but one of them is draining.
    let members = Members::new(["a", "b", "c", "d", "e"]);
    record(&members, &["a"], Signal::Draining);
    for member in &members.snapshot()[2..] {
        eject(member);
    }
    let mut service = named_services(&members, RoundRobin::default());
    for _ in 0..10 {
        assert_eq!(send(&mut service, TestRequest::default()).await, Ok("b"));
    }
}

#[tokio::test(start_paused = true)]
async fn overloaded_and_draining_members_count_as_available() {
    let members = Members::new(["a", "b", "c"]);
    let list = members.snapshot();
    eject(&list[0]);
    sleep(Duration::from_millis(1)).await;
    for (member, signal) in [(&list[1], Signal::Overloaded), (&list[2], Signal::Draining)] {
        member.record(Signal::Unreachable, Instant::now());
        member.record(signal, Instant::now());
    }
    // Otherwise the member that failed longest ago would be picked, although it is ejected.
    assert_eq!(
        send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await,
        Ok("b")
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_probe_a_state_ends_with_its_time() {
    let members = seeded(1);
    record(&members, &["a"], Signal::Overloaded);
    record(&members, &["b"], Signal::Draining);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    for (millis, expected) in [
        (4_999, [MemberState::Overloaded, MemberState::Draining]),
        (2, [MemberState::Healthy, MemberState::Draining]),
        (24_998, [MemberState::Healthy, MemberState::Draining]),
        (2, [MemberState::Healthy, MemberState::Healthy]),
    ] {
        sleep(Duration::from_millis(millis)).await;
        assert_eq!([state(&members, 0), state(&members, 1)], expected);
    }
}

/// Returns four members; probes of the first return these results in order.
fn with_probe_results(
    probes: impl IntoIterator<Item = ProbeResult, IntoIter: Send + 'static>,
) -> Members<&'static str> {
    let results = Mutex::new(probes.into_iter());
    Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(move |member: Member<&'static str>| {
            assert_eq!(*member.key(), "a");
            let result = results.lock().unwrap().next().expect("one result per probe");
            async move { result }
        })
        .build(NAMES)
}

#[tokio::test(start_paused = true)]
async fn overload_ends_with_the_first_probe_that_does_not_find_the_member_unavailable() {
    for end in
        [ProbeResult::Available, ProbeResult::Unreachable, ProbeResult::TimedOut, ProbeResult::Inconclusive]
    {
        let members = with_probe_results([ProbeResult::Unavailable, ProbeResult::Unavailable, end]);
        record(&members, &["a"], Signal::Overloaded);
        send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
        sleep(Duration::from_secs(11)).await;
        assert_eq!(state(&members, 0), MemberState::Overloaded, "two probes found it unavailable");
        sleep(Duration::from_secs(5)).await;
        assert_eq!(state(&members, 0), MemberState::Healthy);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(state(&members, 0), MemberState::Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_member_that_restarts_gets_requests_as_soon_as_probes_have_seen_it() {
    let members = with_probe_results([
        ProbeResult::Unavailable,
        ProbeResult::Unreachable,
        ProbeResult::Unavailable,
        ProbeResult::Available,
    ]);
    let mut changes = members.subscribe();
    let started = Instant::now();
    record(&members, &["a"], Signal::Draining);
    let mut service = named_services(&members, RoundRobin::default());
    while state(&members, 0) != MemberState::HalfOpen {
        assert_ne!(send(&mut service, TestRequest::default()).await, Ok("a"));
        sleep(Duration::from_millis(100)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(5), "four probes, one second apart");
    while send(&mut service, TestRequest::default()).await != Ok("a") {}
    members.snapshot()[0].record(Signal::Success, Instant::now());
    let mut received = Vec::new();
    for _ in 0..4 {
        received.push(changes.next().await.unwrap().unwrap().to_string());
    }
    assert_eq!(
        received,
        [
            "a: draining after healthy (it reports that it is shutting down)",
            "a: ejected after draining (a probe could not reach it)",
            "a: half-open after ejected (a probe found it available)",
            "a: healthy after half-open (it responded)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_drained_by_request_stays_so_while_available_and_recovers_after_its_restart() {
    let mut probes = vec![ProbeResult::Available; 5];
    probes.extend([ProbeResult::Unreachable, ProbeResult::Available]);
    let members = with_probe_results(probes);
    members.snapshot()[0].drain(Instant::now());
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_millis(3_900)).await;
    assert_eq!(state(&members, 0), MemberState::Draining, "at least three probes found it available");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&members, 0), MemberState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_shared_member_that_is_draining_and_unreachable_is_not_ejected() {
    let members = with_probe_results([ProbeResult::Unreachable, ProbeResult::Available]);
    members.snapshot()[0].set_shared(true);
    record(&members, &["a"], Signal::Draining);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_millis(1_300)).await;
    assert_eq!(state(&members, 0), MemberState::Draining);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(state(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_signal_during_a_probe_supersedes_its_result() {
    let members = Members::builder()
        .probe(|_| async {
            sleep(Duration::from_secs(1)).await;
            ProbeResult::Available
        })
        .build(NAMES);
    record(&members, &["a"], Signal::Overloaded);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_millis(5_500)).await;
    record(&members, &["a"], Signal::Overloaded);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(state(&members, 0), MemberState::Overloaded);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(state(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_signal_postpones_the_probe() {
    let started = Instant::now();
    let members = Members::builder()
        .probe(move |_| async move {
            assert_eq!(started.elapsed().as_secs(), 8, "five seconds after its last signal");
            ProbeResult::Available
        })
        .build(NAMES);
    record(&members, &["a"], Signal::Overloaded);
    send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    record(&members, &["a"], Signal::Overloaded);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(state(&members, 0), MemberState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_draining_member_that_is_ejected_is_probed_at_the_end_of_the_shorter_time() {
    let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(NAMES);
    let mut service = named_services(&members, RoundRobin::default());
    record(&members, &["a"], Signal::Draining);
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(1)).await; // now its probe task sleeps
    eject(&members.snapshot()[0]);
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_millis(1_300)).await;
    assert_eq!(state(&members, 0), MemberState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_member_that_starts_draining_drains_for_the_drain_time_even_if_that_is_shorter() {
    let policy = HealthPolicy {
        overload_time: Duration::from_secs(60),
        max_drain_time: Duration::from_secs(1),
        ..HealthPolicy::default()
    };
    let members = Members::builder().health(policy).build(NAMES);
    let mut service = named_services(&members, RoundRobin::default());
    for signal in [Signal::Overloaded, Signal::Draining] {
        record(&members, &["a"], signal);
        send(&mut service, TestRequest::default()).await.unwrap();
        sleep(Duration::from_millis(1)).await; // now its probe task sleeps
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(state(&members, 0), MemberState::Healthy);
}
