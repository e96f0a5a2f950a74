//! Broken clients and bad histories are found.

use super::document::{Operation, Output};
use super::history::History;
use super::run_with;
use super::workload::Behavior;

/// Returns how many of a hundred seeds have a history that is not linearizable.
fn broken_histories(behavior: Behavior) -> usize {
    (0..100).filter(|seed| !run_with(*seed, behavior).violations.is_empty()).count()
}

#[test]
fn a_client_that_repeats_writes_of_unknown_outcome_is_found() {
    let found = broken_histories(Behavior::RepeatsWrites);
    assert!(found >= 5, "in {found} of 100 histories");
}

#[test]
fn a_client_that_takes_lost_writes_for_not_executed_is_found() {
    let found = broken_histories(Behavior::TakesLostForNotExecuted);
    assert!(found >= 5, "in {found} of 100 histories");
}

/// Returns whether a history is linearizable: operations with their results, each before the next one.
fn is_linearizable(calls: &[(Operation, Option<Output>)]) -> bool {
    let mut history = History::default();
    for (operation, output) in calls {
        let call = history.begin("k", operation.clone());
        if let Some(output) = output {
            history.returned(call, output.clone());
        }
    }
    history.violations().is_empty()
}

#[test]
fn a_bad_history_is_found_and_a_good_one_is_not() {
    let insert = (Operation::Insert(1), Some(Output::Written));
    let lost = (Operation::Replace(2), None);
    let read = |number| (Operation::Read, Some(Output::Read(Some(number))));
    // A write of unknown outcome may take effect at once, later, or never.
    assert!(is_linearizable(&[insert.clone(), lost.clone(), read(2)]));
    assert!(is_linearizable(&[insert.clone(), lost.clone(), read(1), read(1), read(2)]));
    assert!(is_linearizable(&[insert.clone(), lost.clone(), read(1)]));
    // It takes effect once, and what was read after it stays.
    let three = (Operation::Replace(3), Some(Output::Written));
    assert!(!is_linearizable(&[insert.clone(), lost.clone(), read(2), read(1)]));
    assert!(!is_linearizable(&[insert.clone(), lost.clone(), read(2), three.clone(), read(2)]));
    // A write that has returned was executed, and one that was refused was not.
    assert!(!is_linearizable(&[insert.clone(), three, read(1)]));
    let refused = (Operation::ReplaceIf { expected: 1, new: 4 }, Some(Output::Refused));
    assert!(!is_linearizable(&[insert.clone(), refused.clone()]));
    assert!(is_linearizable(&[insert, lost, refused]));
    // What is proved not to be executed has no effect.
    let mut history = History::default();
    let call = history.begin("k", Operation::Insert(1));
    history.not_executed(call);
    let call = history.begin("k", Operation::Read);
    history.returned(call, Output::Read(Some(1)));
    assert_eq!(history.violations().len(), 1);
}
