//! The faults of a scenario: those of all scenarios, and those of documents and cursors.

use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::scenario::DataScenario;
use super::setup::{BOOKS, COUNTERS};
use crate::sim::responses::{self, ResponseFilter};
use crate::sim::scenario::{FaultFree, seeded_rng};
use crate::sim::schedule::{self, Event, FaultKind, draw_duration, draw_time};

/// Draws all faults, ordered by time.
pub(super) fn draw(scenario: &DataScenario) -> Vec<Event> {
    let base = &scenario.base;
    let mut events = schedule::draw(base);
    let mut rng = seeded_rng(base.seed, 62);
    let first = usize::from(base.fault_free == FaultFree::FirstCoordinator);
    for _ in 0..scenario.data_faults {
        let (at, duration) = (draw_time(base, &mut rng), draw_duration(&mut rng, 200, 15_000));
        let coordinator = rng.random_range(first..base.coordinators);
        let faults = draw_data_faults(&mut rng).into_iter();
        events.extend(faults.map(|(name, fault)| {
            let fault = FaultKind::RequestFault(name, fault);
            Event { at, duration, coordinator, fault }
        }));
    }
    events.sort_by_key(|event| event.at);
    events
}

/// Draws one fault, or two that belong together.
fn draw_data_faults(rng: &mut StdRng) -> Vec<(String, Fault)> {
    match rng.random_range(0..12) {
        0 | 1 => {
            vec![("repeated inserts".to_owned(), Fault::repeated_write().on(Match::post(documents(BOOKS))))]
        }
        2 | 3 => draw_late_copies(rng),
        4 | 5 => vec![draw_refusal(rng)],
        _ => {
            let (path, requests) = draw_requests(rng);
            let (effect, fault) = draw_effect(rng);
            let (times, fault) = limited(rng, fault);
            vec![(format!("{effect} of {path}{times}"), fault.on(requests))]
        }
    }
}

/// Draws requests to documents or cursors, with a description.
fn draw_requests(rng: &mut StdRng) -> (&'static str, Match) {
    let methods = [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::GET, Method::HEAD];
    match rng.random_range(0..8) {
        0 => ("queries", Match::post("/_api/cursor")),
        1 | 2 => ("batches", Match::post("/_api/cursor/*")),
        3 => ("closings", Match::delete("/_api/cursor/*")),
        _ => {
            let method = methods.choose(rng).expect("there are six").clone();
            let name = match method {
                Method::POST => "POST of documents",
                Method::PATCH => "PATCH of documents",
                Method::PUT => "PUT of documents",
                Method::DELETE => "DELETE of documents",
                Method::GET => "GET of documents",
                _ => "HEAD of documents",
            };
            (name, Match::method(method, "/_api/document/*"))
        }
    }
}

fn draw_effect(rng: &mut StdRng) -> (String, Fault) {
    let phases = [Phase::BeforeRead, Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody];
    match rng.random_range(0..10) {
        0..=4 => {
            let phase = *phases.choose(rng).expect("there are five");
            (format!("close {phase:?}"), Fault::close(phase))
        }
        5 | 6 => {
            let delay = draw_duration(rng, 5, 12_000);
            (format!("latency {delay:?}"), Fault::latency(delay))
        }
        7 => ("hang".to_owned(), Fault::hang()),
        8 => {
            let bytes = rng.random_range(0..200);
            (format!("truncate {bytes}"), Fault::truncate(bytes))
        }
        _ => responses::draw(rng, ResponseFilter::Any),
    }
}

/// Draws writes whose response is lost, and of which a copy is executed later.
///
/// Only of writes of which a copy has no effect.
fn draw_late_copies(rng: &mut StdRng) -> Vec<(String, Fault)> {
    let delay = draw_duration(rng, 50, 40_000);
    let phases = [Phase::AfterExecution, Phase::InHead, Phase::InBody];
    let phase = *phases.choose(rng).expect("there are three");
    let times = rng.random_range(1..=4);
    let requests = match rng.random_range(0..5) {
        0 | 1 => Match::post(documents(BOOKS)),
        2 => Match::path(documents(BOOKS) + "/*"),
        3 => Match::method(Method::DELETE, documents(BOOKS) + "/*"),
        _ => Match::method(Method::PATCH, documents(COUNTERS) + "/*"),
    };
    let name = format!("late copies after {delay:?} of {requests:?} ×{times}");
    let late = Fault::late_copy(delay).on(requests.clone()).times(times);
    vec![(name, late), (format!("close {phase:?} ×{times}"), Fault::close(phase).on(requests).times(times))]
}

/// Draws a refusal that says little: it may be about an earlier copy of a write, or not about the document at all.
fn draw_refusal(rng: &mut StdRng) -> (String, Fault) {
    let (name, fault) = match rng.random_range(0..5) {
        0 => {
            let message = "unique constraint violated - in index by_title";
            ("409/1210", Fault::response(409, 1210, message).on(Match::post("/_api/document/*")))
        }
        1 => {
            let method = if rng.random_bool(0.5) { Method::PATCH } else { Method::PUT };
            let fault = Fault::response(404, 1202, "document not found");
            ("404/1202", fault.on(Match::method(method, "/_api/document/*")))
        }
        2 | 3 => {
            let (status, fault) = if rng.random_bool(0.5) {
                ("404/1203", Fault::response(404, 1203, "collection not found"))
            } else {
                ("404 of a proxy", Fault::raw_response(404, "text/html", ""))
            };
            (status, fault.on(Match::method(Method::HEAD, "/_api/document/*")))
        }
        _ => {
            let methods = [Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
            let method = methods.choose(rng).expect("there are four").clone();
            let fault = Fault::response(409, 1200, "write-write conflict");
            ("409/1200", fault.on(Match::method(method, "/_api/document/*")))
        }
    };
    let (times, fault) = limited(rng, fault);
    (format!("refused with {name}{times}"), fault)
}

/// Limits a fault to a number of times, or to the duration of its event.
fn limited(rng: &mut StdRng, fault: Fault) -> (String, Fault) {
    if !rng.random_bool(0.6) {
        return (String::new(), fault);
    }
    let times = rng.random_range(1..=4);
    (format!(" ×{times}"), fault.times(times))
}

fn documents(collection: &str) -> String {
    format!("/_api/document/{collection}")
}
