use super::*;

const ALONE: Allowed = Allowed { by_fact: false, by_opinion: false };
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn odd_answers_alone_never_eject_a_member() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for _ in 0..100 {
        record(&mut health, Verdict::Unrecognized, now);
    }
    assert_eq!(health.standing(), Standing::Well);
    assert!(health.open() && (health.weight(now) - 1.0).abs() < f64::EPSILON, "it keeps its share");
    assert_eq!(health.due(), Some(now), "it is probed at once");
}

#[test]
fn a_probe_that_finds_another_service_ejects_the_member_and_keeps_it_out() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Verdict::Unrecognized, now);
    probed(&mut health, Found::Unrecognized, now);
    assert_eq!(health.standing(), Standing::Ejected);
    assert!(!health.out_by_opinion(), "it is a fact");
    for seconds in [1, 3, 7] {
        let now = now + seconds * SECOND;
        assert_eq!(health.due(), Some(now), "each time for longer");
        probed(&mut health, Found::Unrecognized, now);
        assert_eq!(health.standing(), Standing::Ejected);
    }
    probed(&mut health, Found::Well, now + 15 * SECOND);
    assert_eq!(health.standing(), Standing::Trial);
}

#[test]
fn a_member_that_cannot_be_reached_and_comes_back_as_another_service_stays_out() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Found::Unrecognized, now + SECOND);
    assert_eq!(health.standing(), Standing::Ejected);
}

#[test]
fn a_doubt_that_the_probe_removes_is_not_raised_again_for_a_while() {
    let now = Instant::now();
    let mut health = Health::new(now);
    for found in [Found::Well, Found::Busy, Found::Unclear, Found::Silent, Found::Gone, Found::Unasked] {
        let mut health = Health::new(now);
        record(&mut health, Verdict::Unrecognized, now);
        probed(&mut health, found, now);
        assert_eq!((health.standing(), health.due()), (Standing::Well, None), "{found:?}");
    }
    record(&mut health, Verdict::Unrecognized, now);
    probed(&mut health, Found::Well, now);
    record(&mut health, Verdict::Unrecognized, now + 4 * SECOND);
    assert_eq!(health.due(), None, "one probe in five seconds is enough");
    record(&mut health, Verdict::Unrecognized, now + 5 * SECOND);
    assert_eq!(health.due(), Some(now + 5 * SECOND));
}

#[test]
fn the_only_member_is_not_ejected_whatever_answers_there() {
    let now = Instant::now();
    let mut health = Health::new(now);
    record(&mut health, Verdict::Unrecognized, now);
    probed_where(&mut health, Found::Unrecognized, now, ALONE);
    assert_eq!(health.standing(), Standing::Well);
}

#[test]
fn an_odd_answer_to_the_request_of_a_trial_has_the_member_probed_once_more() {
    let now = Instant::now();
    let mut health = ejected(now);
    probed(&mut health, Found::Well, now);
    assert!(health.begin());
    record(&mut health, Verdict::Unrecognized, now);
    assert_eq!((health.standing(), health.due()), (Standing::Ejected, Some(now + SECOND)));
}
