//! Slow start: the rising shares of members that were added or have recovered.

use super::*;
use crate::health::policy::HealthPolicy;
use crate::policy::least_loaded::LeastLoaded;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Returns a set of three members without slow start.
fn three_members() -> Members<&'static str> {
    Members::builder().random_source(Arc::new(SeededRandom::new(1))).build(["a", "b", "c"])
}

/// Sends a thousand requests evenly over `time`; returns how many each of the four members gets.
async fn counts(
    service: &mut impl Service<TestRequest, Response = &'static str, Error = NoMember>,
    time: Duration,
) -> [u32; 4] {
    let mut counts = [0; 4];
    for _ in 0..1_000 {
        let name = send(service, TestRequest::default()).await.unwrap();
        counts[NAMES.iter().position(|other| *other == name).unwrap()] += 1;
        tokio::time::advance(time / 1_000).await;
    }
    counts
}

/// Whether a count is as expected, within five standard deviations of a binomial distribution.
fn is_near(count: u32, expected: f64) -> bool {
    (f64::from(count) - 1_000.0 * expected).abs() <= 5.0 * (1_000.0 * expected * (1.0 - expected)).sqrt()
}

async fn assert_added_member_rises<P: Policy<&'static str, TestRequest>>(policy: P) {
    let members = three_members();
    let mut service = named_services(&members, policy);
    members.insert("d");
    for second in 0..10 {
        let counts = counts(&mut service, Duration::from_secs(1)).await;
        let share = (f64::from(second) + 0.5) / 10.0 / 4.0;
        assert!(is_near(counts[3], share), "second {second}: {counts:?}");
        // The rest of its share is spread evenly over the others.
        for count in &counts[..3] {
            assert!(is_near(*count, (1.0 - share) / 3.0), "second {second}: {counts:?}");
        }
    }
    assert!(is_near(counts(&mut service, Duration::from_secs(1)).await[3], 0.25));
}

#[tokio::test(start_paused = true)]
async fn the_share_of_an_added_member_rises_linearly_for_ten_seconds_with_any_policy() {
    assert_added_member_rises(RoundRobin::default()).await;
    assert_added_member_rises(Random::seeded(2)).await;
    assert_added_member_rises(LeastLoaded::seeded(3)).await;
}

#[tokio::test(start_paused = true)]
async fn the_share_of_a_recovered_member_rises_for_two_seconds() {
    let members = Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(|_| async { ProbeResult::Available })
        .build(NAMES);
    let mut service = named_services(&members, RoundRobin::default());
    let member = members.snapshot()[3].clone();
    eject(&member);
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(member.state(), MemberState::HalfOpen);
    member.record(Signal::Success, Instant::now());
    assert_eq!(member.state(), MemberState::Healthy);
    for (half, share) in [(1, 0.25), (2, 0.75), (3, 1.0)] {
        let counts = counts(&mut service, Duration::from_secs(1)).await;
        assert!(is_near(counts[3], share / 4.0), "second {half}: {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_member_that_is_found_available_has_restarted_and_starts_slowly() {
    for (signal, starts_slowly) in [(Signal::Draining, true), (Signal::Overloaded, false)] {
        let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(NAMES);
        let member = members.snapshot()[3].clone();
        member.record(signal, Instant::now());
        send(&mut named_services(&members, RoundRobin::default()), TestRequest::default()).await.unwrap();
        while member.state() != MemberState::Healthy {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(member.weight(Instant::now()) < 0.1, starts_slowly, "{signal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_members_in_slow_start_the_later_one_gets_less() {
    let health = HealthPolicy { slow_start_new: Duration::from_secs(1_000), ..HealthPolicy::default() };
    let members = Members::builder().health(health).random_source(Arc::new(SeededRandom::new(1))).build([]);
    let mut service = named_services(&members, RoundRobin::default());
    members.insert("a");
    sleep(Duration::from_secs(250)).await;
    members.insert("b");
    sleep(Duration::from_secs(250)).await;
    // `a` has half of its full weight, `b` a quarter. So `b` is a candidate for every second request.
    let counts = counts(&mut service, Duration::ZERO).await;
    assert!(is_near(counts[1], 0.25), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn after_slow_start_members_are_no_longer_degraded() {
    let members = three_members();
    let mut service = named_services(&members, RoundRobin::default());
    members.insert("d");
    let list = members.snapshot();
    list[0].record(Signal::Overloaded, Instant::now());
    send(&mut service, TestRequest::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 2);
    sleep(Duration::from_secs(9)).await;
    send(&mut service, TestRequest::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 1);
    sleep(Duration::from_secs(1)).await;
    send(&mut service, TestRequest::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn members_that_a_set_is_built_with_have_no_slow_start() {
    let mut service = named_services(&Members::new(NAMES), RoundRobin::default());
    assert_eq!(counts(&mut service, Duration::from_secs(1)).await, [250; 4]);
}

#[tokio::test(start_paused = true)]
async fn if_all_members_are_in_slow_start_requests_are_sent_nevertheless() {
    let members = Members::builder().random_source(Arc::new(SeededRandom::new(1))).build([]);
    let mut service = named_services(&members, RoundRobin::default());
    for name in NAMES {
        members.insert(name);
    }
    assert_eq!(counts(&mut service, Duration::from_secs(1)).await, [250; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_does_not_go_to_a_member_in_slow_start() {
    let members = three_members();
    let mut service = named_services(&members, RoundRobin::default());
    members.insert("d");
    sleep(Duration::from_secs(9)).await;
    for _ in 0..50 {
        let name =
            send(&mut service, TestRequest { tried: vec!["a"], ..TestRequest::default() }).await.unwrap();
        assert!(["b", "c"].contains(&name));
        let tried = vec!["a", "b", "c"];
        assert_eq!(
            send(&mut service, TestRequest { tried, ..TestRequest::default() }).await,
            Ok("d"),
            "a retry goes there if no other member is left"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn slow_start_can_be_configured_and_disabled() {
    let health = HealthPolicy {
        slow_start: Duration::ZERO,
        slow_start_new: Duration::from_secs(1),
        ..HealthPolicy::default()
    };
    let members =
        Members::builder().health(health).probe(|_| async { ProbeResult::Available }).build(["a", "b", "c"]);
    let mut service = named_services(&members, RoundRobin::default());
    members.insert("d");
    let list = members.snapshot();
    sleep(Duration::from_millis(500)).await;
    assert!((list[3].weight(Instant::now()) - 0.5).abs() < 0.01);
    sleep(Duration::from_millis(500)).await;
    eject(&list[0]);
    send(&mut service, TestRequest::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    list[0].record(Signal::Success, Instant::now());
    for member in list.iter() {
        assert_eq!(member.weight(Instant::now()).to_bits(), 1.0_f64.to_bits());
    }
    let counts = counts(&mut service, Duration::from_secs(1)).await;
    assert_eq!(counts, [250; 4]);
}
