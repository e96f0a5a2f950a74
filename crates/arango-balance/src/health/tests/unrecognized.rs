use super::*;

const ALONE: EjectionLimit = EjectionLimit { for_connectivity: false, for_responses: false };
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn odd_answers_alone_never_eject_a_member() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Signal::Unrecognized, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    assert!(health.is_open() && (health.weight(now) - 1.0).abs() < f64::EPSILON, "it keeps its share");
    assert_eq!(health.next_probe(), Some(now), "it is probed at once");
}

#[test]
fn a_probe_that_finds_another_service_ejects_the_member_and_keeps_it_out() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Signal::Unrecognized, now);
    probed(&mut health, ProbeOutcome::Unrecognized, now);
    assert_eq!(health.state(), MemberState::Ejected);
    assert!(!health.is_out_for_responses(), "it is a fact");
    for seconds in [1, 3, 7] {
        let now = now + seconds * SECOND;
        assert_eq!(health.next_probe(), Some(now), "each time for longer");
        probed(&mut health, ProbeOutcome::Unrecognized, now);
        assert_eq!(health.state(), MemberState::Ejected);
    }
    probed(&mut health, ProbeOutcome::Available, now + 15 * SECOND);
    assert_eq!(health.state(), MemberState::HalfOpen);
}

#[test]
fn a_member_that_cannot_be_reached_and_comes_back_as_another_service_stays_out() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, ProbeOutcome::Unrecognized, now + SECOND);
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn a_doubt_that_the_probe_removes_is_not_raised_again_for_a_while() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for found in [
        ProbeOutcome::Available,
        ProbeOutcome::Unavailable,
        ProbeOutcome::Inconclusive,
        ProbeOutcome::TimedOut,
        ProbeOutcome::Unreachable,
        ProbeOutcome::NotProbed,
    ] {
        let mut health = Health::new(now);
        record(&mut health, Signal::Unrecognized, now);
        probed(&mut health, found, now);
        assert_eq!((health.state(), health.next_probe()), (MemberState::Healthy, None), "{found:?}");
    }
    record(&mut health, Signal::Unrecognized, now);
    probed(&mut health, ProbeOutcome::Available, now);
    record(&mut health, Signal::Unrecognized, now + 4 * SECOND);
    assert_eq!(health.next_probe(), None, "one probe in five seconds is enough");
    record(&mut health, Signal::Unrecognized, now + 5 * SECOND);
    assert_eq!(health.next_probe(), Some(now + 5 * SECOND));
}

#[test]
fn the_only_member_is_not_ejected_whatever_answers_there() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Signal::Unrecognized, now);
    probed_where(&mut health, ProbeOutcome::Unrecognized, now, ALONE);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn an_odd_answer_to_the_request_of_a_trial_has_the_member_probed_once_more() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, ProbeOutcome::Available, now);
    assert!(health.start_half_open());
    record(&mut health, Signal::Unrecognized, now);
    assert_eq!((health.state(), health.next_probe()), (MemberState::Ejected, Some(now + SECOND)));
}
