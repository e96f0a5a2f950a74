use std::time::Duration;

use super::*;
use crate::{LeastLoaded, Probed, RoundRobin};

/// What a request tells when it is sent at `now` and answered in no time.
fn send(members: &Members<&'static str>, verdict: Verdict, now: Instant) -> &'static str {
    let in_flight = members.pick(&RoundRobin::default(), &(), &Route::anywhere(), now).unwrap();
    let member = in_flight.member().clone();
    member.report_at(verdict, now, now);
    drop(in_flight);
    member.key()
}

// No runtime, and no time that passes: whatever happens is due to what was handed in.
#[test]
fn where_time_is_handed_in_a_member_goes_and_comes_back_without_a_task_or_a_clock() {
    let policy = HealthPolicy { spread: 0.0, warm_up: Duration::ZERO, ..HealthPolicy::default() };
    let members = Members::builder().health(policy).build(["red", "green"]);
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let red = members.snapshot()[0].clone();
    for _ in 0..3 {
        assert_eq!(send(&members, Verdict::Unreachable, at(0)), "red");
    }
    assert_eq!(red.status().until, Some(at(1_000)));
    assert_eq!(send(&members, Verdict::Good, at(500)), "green");

    red.probed_at(at(900), Probed::Well, at(1_000));
    assert_eq!(red.standing(), Standing::Ejected, "that was the end of no term");
    red.probed_at(at(1_000), Probed::Gone, at(1_001));
    assert_eq!(red.status().until, Some(at(3_001)), "twice as long");
    red.probed_at(at(3_001), Probed::Well, at(3_002));
    assert_eq!(red.standing(), Standing::Trial);
    assert_eq!(send(&members, Verdict::Good, at(3_003)), "red");
    assert_eq!(red.standing(), Standing::Well);
}

#[test]
fn what_was_picked_is_in_flight_until_it_ends_and_its_answer_took_the_time_that_was_handed_in() {
    let members = Members::new(["red"]);
    members.measure();
    let now = Instant::now();
    let in_flight = members.pick(&LeastLoaded::new(), &(), &Route::anywhere(), now).unwrap();
    let red = in_flight.member().clone();
    assert_eq!((red.requests(), red.in_flight()), (1, 1));

    let then = now + Duration::from_millis(250);
    red.report_at(Verdict::Good, now, then);
    red.tell_queue_time_at(Duration::from_millis(50), then);
    drop(in_flight);
    assert_eq!(red.in_flight(), 0);
    let load = red.load(then);
    assert_eq!(load.latency(), Some(Duration::from_millis(250)));
    assert!(load.queue_time().abs_diff(Duration::from_millis(50)) < Duration::from_micros(1));
}
