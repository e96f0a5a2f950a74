//! Members that have just come, or come back: their shares rise.

use super::*;
use crate::{HealthPolicy, LeastLoaded};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Three that are warm.
fn three() -> Members<&'static str> {
    Members::builder().random_source(Arc::new(SeededRandom::new(1))).build(["a", "b", "c"])
}

/// Sends a thousand requests over `time`, evenly; counts what each of the four is sent.
async fn counts(
    service: &mut impl Service<Wish, Response = &'static str, Error = NoMember>,
    time: Duration,
) -> [u32; 4] {
    let mut counts = [0; 4];
    for _ in 0..1_000 {
        let name = ask(service, Wish::default()).await.unwrap();
        counts[NAMES.iter().position(|other| *other == name).unwrap()] += 1;
        tokio::time::advance(time / 1_000).await;
    }
    counts
}

/// Whether a share is what it should be, within five standard deviations of a binomial distribution.
fn is_near(count: u32, expected: f64) -> bool {
    (f64::from(count) - 1_000.0 * expected).abs() <= 5.0 * (1_000.0 * expected * (1.0 - expected)).sqrt()
}

async fn a_newcomer_rises<P: Policy<&'static str, Wish>>(policy: P) {
    let members = three();
    let mut service = naming(&members, policy);
    members.insert("d");
    for second in 0..10 {
        let counts = counts(&mut service, Duration::from_secs(1)).await;
        let share = (f64::from(second) + 0.5) / 10.0 / 4.0;
        assert!(is_near(counts[3], share), "second {second}: {counts:?}");
        // What it does not take yet falls to the others, and to all alike.
        for count in &counts[..3] {
            assert!(is_near(*count, (1.0 - share) / 3.0), "second {second}: {counts:?}");
        }
    }
    assert!(is_near(counts(&mut service, Duration::from_secs(1)).await[3], 0.25));
}

#[tokio::test(start_paused = true)]
async fn the_share_of_a_newcomer_rises_in_a_straight_line_for_ten_seconds_whatever_the_policy() {
    a_newcomer_rises(RoundRobin::default()).await;
    a_newcomer_rises(Random::seeded(2)).await;
    a_newcomer_rises(LeastLoaded::seeded(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_member_that_comes_back_gets_a_rising_share_for_two_seconds() {
    let members = Members::builder()
        .random_source(Arc::new(SeededRandom::new(1)))
        .probe(|_| async { ProbeResult::Available })
        .build(NAMES);
    let mut service = naming(&members, RoundRobin::default());
    let member = members.snapshot()[3].clone();
    eject(&member);
    ask(&mut service, Wish::default()).await.unwrap();
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
async fn a_member_that_was_about_to_go_and_is_found_well_has_started_anew_and_warms_up() {
    for (word, warms_up) in [(Signal::Draining, true), (Signal::Overloaded, false)] {
        let members = Members::builder().probe(|_| async { ProbeResult::Available }).build(NAMES);
        let member = members.snapshot()[3].clone();
        member.record(word, Instant::now());
        ask(&mut naming(&members, RoundRobin::default()), Wish::default()).await.unwrap();
        while member.state() != MemberState::Healthy {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(member.weight(Instant::now()) < 0.1, warms_up, "{word:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_that_are_cold_the_colder_one_takes_less_and_they_are_all_there_is() {
    let health = HealthPolicy { slow_start_new: Duration::from_secs(1_000), ..HealthPolicy::default() };
    let members = Members::builder().health(health).random_source(Arc::new(SeededRandom::new(1))).build([]);
    let mut service = naming(&members, RoundRobin::default());
    members.insert("a");
    sleep(Duration::from_secs(250)).await;
    members.insert("b");
    sleep(Duration::from_secs(250)).await;
    // The one has half of its weight, the other a quarter: it is there for every second request.
    let counts = counts(&mut service, Duration::ZERO).await;
    assert!(is_near(counts[1], 0.25), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn when_all_are_warm_and_well_nobody_needs_to_be_looked_at_any_more() {
    let members = three();
    let mut service = naming(&members, RoundRobin::default());
    members.insert("d");
    let list = members.snapshot();
    list[0].record(Signal::Overloaded, Instant::now());
    ask(&mut service, Wish::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 2);
    sleep(Duration::from_secs(9)).await;
    ask(&mut service, Wish::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 1);
    sleep(Duration::from_secs(1)).await;
    ask(&mut service, Wish::default()).await.unwrap();
    assert_eq!(members.degraded_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn those_that_a_set_is_made_with_are_warm() {
    let mut service = naming(&Members::new(NAMES), RoundRobin::default());
    assert_eq!(counts(&mut service, Duration::from_secs(1)).await, [250; 4]);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_is_warm_all_requests_go_to_somebody_nevertheless() {
    let members = Members::builder().random_source(Arc::new(SeededRandom::new(1))).build([]);
    let mut service = naming(&members, RoundRobin::default());
    for name in NAMES {
        members.insert(name);
    }
    assert_eq!(counts(&mut service, Duration::from_secs(1)).await, [250; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_further_attempt_is_not_the_first_request_of_a_cold_member() {
    let members = three();
    let mut service = naming(&members, RoundRobin::default());
    members.insert("d");
    sleep(Duration::from_secs(9)).await;
    for _ in 0..50 {
        let name = ask(&mut service, Wish { tried: vec!["a"], ..Wish::default() }).await.unwrap();
        assert!(["b", "c"].contains(&name));
        let tried = vec!["a", "b", "c"];
        assert_eq!(
            ask(&mut service, Wish { tried, ..Wish::default() }).await,
            Ok("d"),
            "but it is the last resort"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_warm_up_can_be_set_and_be_none() {
    let health = HealthPolicy {
        slow_start: Duration::ZERO,
        slow_start_new: Duration::from_secs(1),
        ..HealthPolicy::default()
    };
    let members =
        Members::builder().health(health).probe(|_| async { ProbeResult::Available }).build(["a", "b", "c"]);
    let mut service = naming(&members, RoundRobin::default());
    members.insert("d");
    let list = members.snapshot();
    sleep(Duration::from_millis(500)).await;
    assert!((list[3].weight(Instant::now()) - 0.5).abs() < 0.01);
    sleep(Duration::from_millis(500)).await;
    eject(&list[0]);
    ask(&mut service, Wish::default()).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    list[0].record(Signal::Success, Instant::now());
    for member in list.iter() {
        assert_eq!(member.weight(Instant::now()).to_bits(), 1.0_f64.to_bits());
    }
    let counts = counts(&mut service, Duration::from_secs(1)).await;
    assert_eq!(counts, [250; 4]);
}
