//! Visits the states of a model: all of them, to compare their number with the documentation, or up to one that is wrong.

use std::fmt::Debug;
use std::hash::Hash;
use std::thread::sleep;
use std::time::{Duration, Instant};

use stateright::{Checker as _, HasDiscoveries, Model};

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
    let checker = model.checker().threads(threads).spawn_bfs();
    let mut shown = Instant::now();
    while !checker.is_done() {
        sleep(Duration::from_millis(20));
        if shown.elapsed() >= PROGRESS {
            shown = Instant::now();
            let (name, states, elapsed) =
                (checker.model().family(), checker.unique_state_count(), began.elapsed());
            println!("{name}: {states} states so far, up to event {}, {elapsed:.0?}", checker.max_depth());
        }
    }
    let checker = checker.join();
    // The first state counts, too.
    let (states, events) = (checker.unique_state_count(), checker.max_depth() - 1);
    let (name, runs, elapsed) = (checker.model().family(), checker.model().runs(), began.elapsed());
    println!("{name}: {states} states, {events} events, {runs} runs of a client, {elapsed:.1?}");
    checker.assert_properties();
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
