use std::time::Duration;

use super::*;
use crate::{LeastLoaded, ProbeResult, RoundRobin};

/// What a request tells when it is sent at `now` and answered in no time.
fn send(members: &Members<&'static str>, verdict: Signal, now: Instant) -> &'static str {
    let in_flight = members.pick(&RoundRobin::default(), &(), &Route::any(), now).unwrap();
    let member = in_flight.member().clone();
    member.record_at(verdict, now, now);
    drop(in_flight);
    member.key()
}

// No runtime, and no time that passes: whatever happens is due to what was handed in.
#[test]
fn where_time_is_handed_in_a_member_goes_and_comes_back_without_a_task_or_a_clock() {
    let policy = HealthPolicy { ejection_jitter: 0.0, slow_start: Duration::ZERO, ..HealthPolicy::default() };
    let members = Members::builder().health(policy).build(["red", "green"]);
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let red = members.snapshot()[0].clone();
    for _ in 0..3 {
        assert_eq!(send(&members, Signal::Unreachable, at(0)), "red");
    }
    assert_eq!(red.status().next_probe, Some(at(1_000)));
    assert_eq!(send(&members, Signal::Success, at(500)), "green");

    red.record_probe_at(at(900), ProbeResult::Available, at(1_000));
    assert_eq!(red.state(), MemberState::Ejected, "that was the end of no term");
    red.record_probe_at(at(1_000), ProbeResult::Unreachable, at(1_001));
    assert_eq!(red.status().next_probe, Some(at(3_001)), "twice as long");
    red.record_probe_at(at(3_001), ProbeResult::Available, at(3_002));
    assert_eq!(red.state(), MemberState::HalfOpen);
    assert_eq!(send(&members, Signal::Success, at(3_003)), "red");
    assert_eq!(red.state(), MemberState::Healthy);
}

#[test]
fn what_was_picked_is_in_flight_until_it_ends_and_its_answer_took_the_time_that_was_handed_in() {
    let members = Members::new(["red"]);
    members.measure_load();
    let now = Instant::now();
    let in_flight = members.pick(&LeastLoaded::new(), &(), &Route::any(), now).unwrap();
    let red = in_flight.member().clone();
    assert_eq!((red.requests(), red.in_flight()), (1, 1));

    let then = now + Duration::from_millis(250);
    red.record_at(Signal::Success, now, then);
    red.record_queue_time_at(Duration::from_millis(50), then);
    drop(in_flight);
    assert_eq!(red.in_flight(), 0);
    let load = red.load(then);
    assert_eq!(load.latency(), Some(Duration::from_millis(250)));
    assert!(load.queue_time().abs_diff(Duration::from_millis(50)) < Duration::from_micros(1));
}
