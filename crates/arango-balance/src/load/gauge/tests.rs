use super::*;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The load of a member and its clock.
struct Run {
    gauge: Gauge,
    now: Instant,
}

impl Run {
    fn new() -> Self {
        let now = Instant::now();
        Self { gauge: Gauge::new(now), now }
    }

    fn respond(&mut self, signal: Signal, took: Duration, times: u32, every: Duration) {
        for _ in 0..times {
            self.gauge.record(signal, Some(took), self.now);
            self.now += every;
        }
    }

    fn latency(&self) -> f32 {
        self.gauge.read(0, self.now).latency
    }

    fn failure_ratio(&self) -> f64 {
        self.gauge.read(0, self.now).failure_ratio()
    }

    fn cost(&self, in_flight: usize) -> f32 {
        let load = self.gauge.read(in_flight, self.now);
        load.cost(&load)
    }
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= b * 0.01
}

#[test]
fn a_slow_response_counts_at_once_and_a_fast_one_gradually() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    assert!(near(run.latency(), 0.010));
    run.respond(Signal::Success, millis(500), 1, millis(1));
    assert!(near(run.latency(), 0.500));
    run.respond(Signal::Success, millis(10), 100, millis(100));
    // After ten seconds 1/e of the former value is left.
    assert!((0.18..0.20).contains(&run.latency()), "{}", run.latency());
}

#[test]
fn of_responses_within_a_millisecond_only_the_slowest_counts() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    run.respond(Signal::Success, millis(20), 1, Duration::ZERO);
    run.respond(Signal::Success, millis(5), 1_000, Duration::ZERO);
    assert!(near(run.latency(), 0.020));
}

#[test]
fn a_member_without_requests_seems_faster_and_faster() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(100), 1, Duration::from_secs(23));
    assert!(near(run.latency(), 0.010), "{}", run.latency());
}

#[test]
fn a_fast_failure_makes_no_member_look_fast() {
    for signal in
        [Signal::Unreachable, Signal::Failure, Signal::GatewayError, Signal::Overloaded, Signal::Draining]
    {
        let mut run = Run::new();
        run.respond(Signal::Success, millis(50), 1, millis(1));
        let before = run.cost(0);
        run.respond(signal, millis(1), 1, Duration::ZERO);
        assert!(run.latency() >= 0.0499, "{signal:?}");
        assert!(run.cost(0) > before * 1.1, "{signal:?}");
        run.respond(signal, millis(1), 40, millis(1));
        assert!(run.cost(0) > before * 100.0, "{signal:?}: as expensive as 100 requests in flight");
    }
}

#[test]
fn one_failure_among_many_responses_is_soon_forgotten() {
    let mut run = Run::new();
    run.respond(Signal::Failure, millis(1), 1, millis(1));
    assert!(run.failure_ratio() > 0.12);
    run.respond(Signal::Success, millis(1), 40, millis(1));
    assert_eq!(run.failure_ratio().to_bits(), 0.0_f64.to_bits(), "and successes write nothing any more");
    run.respond(Signal::Failure, millis(1), 100, millis(1));
    run.now += Duration::from_secs(60);
    assert!(run.failure_ratio() < 0.01, "also without requests");
}

#[test]
fn slow_failures_and_abandoned_attempts_make_a_member_slower() {
    let mut run = Run::new();
    run.respond(Signal::Unreachable, millis(900), 1, Duration::ZERO);
    run.gauge.record_abandoned(millis(900), run.now);
    assert_eq!(run.gauge.read(0, run.now).latency(), None, "unknown before the first response");
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    run.gauge.record_abandoned(millis(5), run.now);
    assert!(near(run.latency(), 0.010));
    run.gauge.record_abandoned(millis(70), run.now);
    assert!(near(run.latency(), 0.070));
    run.respond(Signal::Unreachable, millis(900), 1, Duration::ZERO);
    assert!(near(run.latency(), 0.900));
}

#[test]
fn attempts_without_a_response_count_although_a_response_was_slower_long_ago() {
    for signal in [None, Some(Signal::Unreachable)] {
        let mut run = Run::new();
        run.respond(Signal::Success, Duration::from_secs(30), 1, Duration::from_secs(60));
        assert!(run.latency() < 0.1, "{}", run.latency());
        match signal {
            None => run.gauge.record_abandoned(Duration::from_secs(5), run.now),
            Some(signal) => run.respond(signal, Duration::from_secs(5), 1, Duration::ZERO),
        }
        assert!(near(run.latency(), 5.0), "{signal:?}: {}", run.latency());
        // A faster one does not lower it.
        run.gauge.record_abandoned(Duration::from_secs(1), run.now);
        assert!(near(run.latency(), 5.0));
    }
}

#[test]
fn an_attempt_without_a_latency_makes_no_member_slow() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    run.gauge.record(Signal::Success, None, run.now);
    assert!(near(run.latency(), 0.010));
    run.gauge.record(Signal::Failure, None, run.now);
    assert!(near(run.latency(), 0.010) && run.failure_ratio() > 0.1, "but its failure counts");
}

#[test]
fn neutral_signals_change_nothing() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    run.respond(Signal::Neutral, millis(500), 10, Duration::ZERO);
    assert!(near(run.latency(), 0.010));
    assert_eq!(run.failure_ratio().to_bits(), 0.0_f64.to_bits());
}

#[test]
fn a_reported_queue_time_counts_until_it_is_reported_again_or_decays() {
    let mut run = Run::new();
    run.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    run.gauge.record_queue_time(millis(90), run.now);
    assert!(near(run.cost(0), 0.100));
    run.now += millis(5);
    run.gauge.record_queue_time(millis(0), run.now);
    assert!(near(run.cost(0), 0.010));
    run.gauge.record_queue_time(millis(90), run.now);
    run.now += Duration::from_secs(60);
    assert!(run.gauge.read(0, run.now).queue_time() < millis(1));
}

#[test]
fn a_member_without_measurements_is_as_fast_as_the_other() {
    let mut known = Run::new();
    known.respond(Signal::Success, millis(10), 1, Duration::ZERO);
    let (known, unknown) = (known.gauge.read(0, known.now), Run::new());
    let unknown = |in_flight: usize| unknown.gauge.read(in_flight, unknown.now);
    assert!(near(unknown(0).cost(&known), known.cost(&unknown(0))));
    assert!(unknown(1).cost(&known) > known.cost(&unknown(1)), "it already has one request");
    assert!(unknown(0).cost(&unknown(1)) < unknown(1).cost(&unknown(0)));
}
