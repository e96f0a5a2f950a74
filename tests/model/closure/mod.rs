//! Every interleaving of a closure with lost responses, owners that end, and coordinators that say what is not true.

mod broken;
mod facts;
mod message;
mod model;
mod program;
mod properties;
mod reachable;
mod server;

use std::time::Instant;

use arango::data::TransactionState;
use stateright::{Checker as _, HasDiscoveries, Model as _};

use self::model::{Family, LostCommits};
use self::program::Program;
use self::reachable::Reachable as R;
use crate::compare_with_documentation;

/// Visits every state of a family, and returns how many there are, and the number of events of the longest path.
fn visit(family: Family, threads: usize) -> (usize, usize) {
    let (name, began) = (family.name, Instant::now());
    let model = LostCommits::new(family);
    let replays = model.replays.clone();
    let checker = model.checker().threads(threads).spawn_bfs().join();
    // The first state counts, too.
    let (states, events) = (checker.unique_state_count(), checker.max_depth() - 1);
    let (scripts, elapsed) = (replays.count(), began.elapsed());
    println!("{name}: {states} states, {events} events, {scripts} runs of a client, {elapsed:.1?}");
    checker.assert_properties();
    (states, events)
}

/// Visits every state of a family, and compares their number with the documentation.
fn check(family: Family) {
    let (name, counted) = (family.name, visit(family, 1));
    compare_with_documentation(name, counted);
}

/// Closures without a proof.
fn without_proof() -> Family {
    Family {
        name: "closures",
        programs: vec![program::closure()],
        faults: 2,
        transactions: 3,
        faults_of: model::all_faults,
        may_stop: true,
        reachable: vec![
            R::FoundOutByState,
            R::SecondRun,
            R::FalseAbort,
            R::UnknownAndExecuted,
            R::UnknownAndNotExecuted,
            R::OwnerForgot,
            R::LateCommitRefused,
            R::BelievedTooEarly,
        ],
    }
}

/// Closures with a proof, and faults of the first run.
fn with_proof() -> Family {
    Family {
        name: "closures with a proof",
        programs: vec![program::closure_with_proof()],
        faults: 2,
        transactions: 1,
        faults_of: model::all_faults,
        may_stop: true,
        reachable: vec![
            R::FoundOutByProof,
            R::ValueOfEarlierRun,
            R::SecondRun,
            R::LockMet,
            R::FalseAbort,
            R::UnknownAndExecuted,
            R::UnknownAndNotExecuted,
            R::OwnerForgot,
            R::LateCommitRefused,
        ],
    }
}

/// A transaction with a proof that is committed by hand, and has time until no DB-Server has it any more.
fn by_hand() -> Family {
    Family {
        name: "handles with a proof",
        programs: vec![program::handle_with_proof()],
        faults: 1,
        transactions: 1,
        faults_of: model::faults_of_ends,
        may_stop: false,
        reachable: vec![R::FoundOutByProof, R::NotExecutedAfterLoss, R::FalseAbort],
    }
}

/// Closures that write to two leaders.
fn two_leaders() -> Family {
    let programs =
        [program::closure(), program::closure_with_partial_commits()].map(program::with_two_leaders);
    Family {
        name: "closures with two leaders",
        programs: programs.to_vec(),
        faults: 2,
        transactions: 1,
        faults_of: model::faults_of_ends,
        may_stop: true,
        reachable: vec![
            R::FoundOutByState,
            R::FoundOutByProof,
            R::SecondRun,
            R::FalseAbort,
            R::UnknownAndExecuted,
            R::InPart,
        ],
    }
}

/// Visits the states of all families with one more fault, and with faults of further runs.
#[test]
#[ignore = "takes long: a job of every night runs it, optimised"]
fn every_closure_deeper() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    visit(Family { faults: 3, ..without_proof() }, threads);
    visit(Family { transactions: 2, faults_of: model::faults_of_ends, ..with_proof() }, threads);
    visit(Family { faults: 2, ..by_hand() }, threads);
    visit(Family { faults_of: model::all_faults, ..two_leaders() }, threads);
}

#[test]
fn closures_without_a_proof() {
    check(without_proof());
}

#[test]
fn closures_with_a_proof() {
    check(with_proof());
}

#[test]
fn handles_with_a_proof() {
    check(by_hand());
}

#[test]
fn closures_that_write_to_two_leaders() {
    check(two_leaders());
}

/// Checks that the model finds a program that is broken.
fn assert_found(broken: Program, property: &'static str) {
    let family = Family { programs: vec![broken], transactions: 2, reachable: Vec::new(), ..without_proof() };
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = LostCommits::new(family).checker().finish_when(found).spawn_bfs().join();
    let actions = checker.assert_any_discovery(property).into_actions();
    println!("{property}: {actions:?}");
}

#[test]
fn a_program_that_runs_again_whatever_became_of_its_commit_is_found() {
    assert_found(broken::runs_again(), properties::ONE_EFFECT);
}

#[test]
fn a_program_that_writes_another_proof_in_each_run_is_found() {
    assert_found(broken::proves_again(), properties::ONE_EFFECT);
}

#[test]
fn a_program_that_takes_an_abort_for_proof_is_found() {
    assert_found(broken::believes(TransactionState::Aborted), properties::NOT_EXECUTED);
}

#[test]
fn a_program_that_believes_a_commit_at_once_is_found() {
    assert_found(broken::believes(TransactionState::Committed), properties::EXECUTED);
}

#[test]
fn a_program_that_takes_a_locked_proof_for_a_commit_is_found() {
    assert_found(broken::takes_lock_for_proof(), properties::EXECUTED);
}
