use crate::pick::route::Route;
use std::time::Duration;

use super::*;
use crate::health::probe_result::ProbeResult;
use crate::members::timing::Timing;
use crate::pick::filter::excluded;
use crate::policy::least_loaded::LeastLoaded;
use crate::policy::round_robin::RoundRobin;

/// Sends a request at `now`, whose outcome is recorded at the same time.
fn send(members: &Members<&'static str>, signal: Signal, now: Instant) -> &'static str {
    let in_flight = members.pick(&RoundRobin::default(), &(), &Route::any(), now).unwrap();
    let member = in_flight.member().clone();
    member.record(signal, Timing::since(now).at(now));
    drop(in_flight);
    member.key()
}

// No runtime, and no time that passes: all times are parameters.
#[test]
fn with_time_as_a_parameter_a_member_is_ejected_and_recovers_without_a_task_or_a_clock() {
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
    assert_eq!(red.state(), MemberState::Ejected, "no probe was due then");
    red.record_probe_at(at(1_000), ProbeResult::Unreachable, at(1_001));
    assert_eq!(red.status().next_probe, Some(at(3_001)), "twice as long");
    red.record_probe_at(at(3_001), ProbeResult::Available, at(3_002));
    assert_eq!(red.state(), MemberState::HalfOpen);
    assert_eq!(send(&members, Signal::Success, at(3_003)), "red");
    assert_eq!(red.state(), MemberState::Healthy);
}

#[test]
fn a_picked_request_is_in_flight_until_it_ends_and_its_latency_follows_from_the_times_given() {
    let members = Members::new(["red"]);
    members.measure_load();
    let now = Instant::now();
    let in_flight = members.pick(&LeastLoaded::new(), &(), &Route::any(), now).unwrap();
    let red = in_flight.member().clone();
    assert_eq!((red.requests(), red.in_flight()), (1, 1));

    let then = now + Duration::from_millis(250);
    red.record(Signal::Success, Timing::since(now).at(then));
    red.record_queue_time_at(Duration::from_millis(50), then);
    drop(in_flight);
    assert_eq!(red.in_flight(), 0);
    let load = red.load(then);
    assert_eq!(load.latency(), Some(Duration::from_millis(250)));
    assert!(load.queue_time().abs_diff(Duration::from_millis(50)) < Duration::from_micros(1));
}

#[test]
fn a_request_of_an_earlier_half_open_state_does_not_let_a_second_one_through() {
    let policy = HealthPolicy { ejection_jitter: 0.0, ..HealthPolicy::default() };
    let members = Members::builder().health(policy).build(["red", "green"]);
    let (red, start) = (members.snapshot()[0].clone(), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    let become_half_open = |now| {
        for _ in 0..3 {
            red.record(Signal::Unreachable, Timing::since(now).at(now));
        }
        let due = red.status().next_probe.unwrap();
        red.record_probe_at(due, ProbeResult::Available, due);
        assert_eq!(red.state(), MemberState::HalfOpen);
    };
    become_half_open(at(0));
    let first = red.clone().start_request().unwrap();
    // Another request, which was pinned there, fails meanwhile.
    become_half_open(at(10));
    let second = red.clone().start_request().unwrap();
    assert!(!red.health().accepts_request());
    drop(first);
    assert!(!red.health().accepts_request(), "the second one is still in flight");
    drop(second);
    assert!(red.health().accepts_request());
}

#[test]
fn an_observer_that_panics_leaves_the_set_consistent() {
    let members =
        Members::builder().on_state_change(|_| panic!("intended by the test")).build(["red", "green"]);
    let (red, now) = (members.snapshot()[0].clone(), Instant::now());
    let observed = |act: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).is_err();
    let fail = || red.record(Signal::Unreachable, Timing::since(now).at(now));
    assert!(!observed(&fail) && !observed(&fail) && observed(&fail), "the third one ejects it");
    assert_eq!((red.state(), members.degraded_count()), (MemberState::Ejected, 1));
    for _ in 0..4 {
        assert_eq!(send(&members, Signal::Success, now), "green");
    }
    let due = red.status().next_probe.unwrap();
    assert!(observed(&|| red.record_probe_at(due, ProbeResult::Available, due)));
    assert!(observed(&|| red.record(Signal::Success, Timing::since(due).at(due))));
    let later = due + Duration::from_secs(60);
    send(&members, Signal::Success, later);
    assert_eq!((red.state(), members.degraded_count()), (MemberState::Healthy, 0));
}

#[test]
fn the_only_ejected_member_is_the_one_that_the_filter_excludes() {
    let members = Members::new(["red", "green", "blue"]);
    let (list, now) = (members.snapshot(), Instant::now());
    let fail = |member: &Member<&'static str>, signal| member.record(signal, Timing::since(now).at(now));
    let filtered = |list: &[Member<&'static str>]| {
        excluded(list, members.0.degraded(list), &[], now, &*members.0.random).to_vec()
    };
    assert_eq!((members.0.only_ejected(&list), filtered(&list)), (None, vec![]));

    (0..3).for_each(|_| fail(&list[1], Signal::Unreachable));
    assert_eq!((members.0.only_ejected(&list), filtered(&list)), (Some(1), vec![1]));
    // Its slot is not its index any more.
    members.remove(&"red");
    let list = members.snapshot();
    assert_eq!((members.0.only_ejected(&list), filtered(&list)), (Some(0), vec![0]));

    fail(&list[1], Signal::Overloaded);
    assert_eq!(members.0.only_ejected(&list), None, "another one is degraded");
    members.remove(&"blue");
    assert_eq!(members.0.only_ejected(&members.snapshot()), None, "there is no other one");

    let members = Members::new(["red", "green"]);
    fail(&members.snapshot()[0], Signal::Overloaded);
    assert_eq!(members.0.only_ejected(&members.snapshot()), None, "it is not ejected");
}
