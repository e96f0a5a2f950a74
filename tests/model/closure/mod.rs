//! Every interleaving of a closure with lost responses, owners that end, and coordinators that say what is not true.

mod broken;
mod facts;
mod message;
mod model;
mod program;
mod properties;
mod reachable;
mod server;

use std::time::Duration;

use arango::data::TransactionState;

use self::model::{Family, LostCommits};
use self::program::Program;
use self::reachable::Reachable as R;
use crate::visit;

fn check(family: Family) {
    visit::check(LostCommits::new(family));
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

/// How long the states of one family are visited every night.
const DEEPER_LIMIT: Duration = Duration::from_secs(12 * 60);

/// Visits the states of all families with one more fault, and with faults of further runs, for as long as there is time.
#[test]
#[ignore = "takes long: a job of every night runs it, optimised"]
fn every_closure_deeper() {
    let deeper = [
        Family { faults: 3, ..without_proof() },
        Family { transactions: 2, faults_of: model::faults_of_ends, ..with_proof() },
        Family { faults: 2, ..by_hand() },
        Family { faults_of: model::all_faults, ..two_leaders() },
    ];
    for family in deeper {
        visit::states_within(LostCommits::new(family), visit::all_threads(), DEEPER_LIMIT);
    }
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
    visit::assert_found(LostCommits::new(family), property);
}

#[test]
#[should_panic(expected = "violated")]
fn a_visit_with_a_limit_of_time_fails_at_a_violation() {
    let family = Family { programs: vec![broken::runs_again()], reachable: Vec::new(), ..without_proof() };
    visit::states_within(LostCommits::new(family), 1, Duration::from_secs(600));
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
