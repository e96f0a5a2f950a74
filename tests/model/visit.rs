//! Visits the states of a model: all of them, to compare their number with the documentation, or up to one that is wrong.

use std::fmt::Debug;
use std::hash::Hash;
use std::thread::sleep;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

const PAGE: &str = include_str!("../../docs/simulation.md");

/// How often it is shown how far a long visit is.
const PROGRESS: Duration = Duration::from_secs(60);

/// A model of clients, and what is reported of it.
pub(crate) trait Clients:
    Model<State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static, Action: Clone + Debug + PartialEq>
    + Send
    + Sync
    + 'static
{
    /// The name of the family of its programs, as in the documentation.
    fn family(&self) -> &'static str;

    /// How often a client was run so far.
    fn runs(&self) -> usize;
}

/// Visits every state, and returns how many there are, and the number of events of the longest path.
pub(crate) fn every_state(model: impl Clients, threads: usize) -> (usize, usize) {
    let began = Instant::now();
    let checker = model.checker().threads(threads).spawn_bfs().join();
    let counts = show_counts(&checker, began);
    checker.assert_properties();
    counts
}

/// Visits the states that can be visited in this time, those after few events first.
///
/// What must be reachable is checked only if there was time for every state.
pub(crate) fn states_within<M: Clients>(model: M, threads: usize, limit: Duration) {
    let began = Instant::now();
    // One thread alone does not see that the time is up.
    let checker = model.checker().threads(threads.max(2)).timeout(limit).spawn_bfs();
    let mut shown = Instant::now();
    while !checker.is_done() {
        sleep(Duration::from_millis(20));
        if shown.elapsed() >= PROGRESS {
            shown = Instant::now();
            show_counts(&checker, began);
        }
    }
    let checker = checker.join();
    let is_complete = began.elapsed() < limit;
    show_counts(&checker, began);
    println!("{}: {}", checker.model().family(), if is_complete { "every state" } else { "the time is up" });
    for property in checker.model().properties() {
        match (property.expectation, checker.discovery(property.name)) {
            (Expectation::Sometimes, Some(_)) => {}
            (Expectation::Sometimes, None) => assert!(!is_complete, "not reached: {}", property.name),
            (_, Some(path)) => panic!("violated: {}: {:?}", property.name, path.into_actions()),
            (_, None) => {}
        }
    }
}

/// Prints how many states were visited, and returns that and the number of events of the longest path.
fn show_counts<M: Clients>(checker: &impl Checker<M>, began: Instant) -> (usize, usize) {
    // The first state counts, too.
    let (states, events) = (checker.unique_state_count(), checker.max_depth().saturating_sub(1));
    let (name, runs, elapsed) = (checker.model().family(), checker.model().runs(), began.elapsed());
    println!("{name}: {states} states, {events} events, {runs} runs of a client, {elapsed:.1?}");
    (states, events)
}

/// Visits every state, and compares their number with the documentation.
pub(crate) fn check(model: impl Clients) {
    let name = model.family();
    let (states, events) = every_state(model, 1);
    let row = PAGE.lines().find(|line| line.starts_with(&format!("| {name} |"))).expect("a row of the table");
    let cells: Vec<&str> = row.split(" | ").collect();
    let documented: usize = cells[2].replace(',', "").parse().expect("a number of states");
    // Each change of the client may change some of them.
    let is_documented = 10 * states.abs_diff(documented) <= documented;
    assert!(is_documented, "{states} states, {events} events: {row}");
}

/// Checks that the model finds a state in which its broken client violates the property.
pub(crate) fn assert_found(model: impl Clients, property: &'static str) {
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().finish_when(found).spawn_bfs().join();
    let actions = checker.assert_any_discovery(property).into_actions();
    println!("{property}: {actions:?}");
}

/// Returns how many threads a nightly job may use.
pub(crate) fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
