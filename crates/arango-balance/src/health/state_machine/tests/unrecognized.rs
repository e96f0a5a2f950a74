use super::*;

const ONLY_MEMBER: EjectionLimit = EjectionLimit { for_connectivity: false, for_responses: false };
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn unrecognized_responses_alone_never_eject() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Signal::Unrecognized, now);
    }
    assert_eq!(health.state(), MemberState::Healthy);
    assert!(
        health.accepts_request() && (health.weight(now) - 1.0).abs() < f64::EPSILON,
        "it keeps its share"
    );
    assert_eq!(health.next_probe(), Some(now), "it is probed at once");
}

#[test]
fn a_probe_that_finds_another_service_ejects_the_member_repeatedly() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Signal::Unrecognized, now);
    probed(&mut health, Some(ProbeResult::Unrecognized), now);
    assert_eq!(health.state(), MemberState::Ejected);
    assert!(!health.is_out_for_responses(), "it is not limited to half of the members");
    for seconds in [1, 3, 7] {
        let now = now + seconds * SECOND;
        assert_eq!(health.next_probe(), Some(now), "for longer each time");
        probed(&mut health, Some(ProbeResult::Unrecognized), now);
        assert_eq!(health.state(), MemberState::Ejected);
    }
    probed(&mut health, Some(ProbeResult::Available), now + 15 * SECOND);
    assert_eq!(health.state(), MemberState::HalfOpen);
}

#[test]
fn an_unreachable_member_that_comes_back_as_another_service_stays_ejected() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Some(ProbeResult::Unrecognized), now + SECOND);
    assert_eq!(health.state(), MemberState::Ejected);
}

#[test]
fn a_resolved_suspicion_is_not_raised_again_for_five_seconds() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for outcome in [
        Some(ProbeResult::Available),
        Some(ProbeResult::Unavailable),
        Some(ProbeResult::Inconclusive),
        Some(ProbeResult::TimedOut),
        Some(ProbeResult::Unreachable),
        None,
    ] {
        let mut health = Health::new(now);
        record(&mut health, Signal::Unrecognized, now);
        probed(&mut health, outcome, now);
        assert_eq!((health.state(), health.next_probe()), (MemberState::Healthy, None), "{outcome:?}");
    }
    record(&mut health, Signal::Unrecognized, now);
    probed(&mut health, Some(ProbeResult::Available), now);
    record(&mut health, Signal::Unrecognized, now + 4 * SECOND);
    assert_eq!(health.next_probe(), None, "one probe in five seconds is enough");
    record(&mut health, Signal::Unrecognized, now + 5 * SECOND);
    assert_eq!(health.next_probe(), Some(now + 5 * SECOND));
}

#[test]
fn the_only_member_is_not_ejected_for_an_unrecognized_probe() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Signal::Unrecognized, now);
    probed_where(&mut health, Some(ProbeResult::Unrecognized), now, ONLY_MEMBER);
    assert_eq!(health.state(), MemberState::Healthy);
}

#[test]
fn an_unrecognized_response_to_the_half_open_request_ejects_the_member_again() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Some(ProbeResult::Available), now);
    assert!(health.start_half_open().is_some());
    record(&mut health, Signal::Unrecognized, now);
    assert_eq!((health.state(), health.next_probe()), (MemberState::Ejected, Some(now + SECOND)));
}
