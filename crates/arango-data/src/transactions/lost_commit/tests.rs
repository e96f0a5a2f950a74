//! Every sequence of answers, and the rows of the table.

use super::*;
use CommitStep::{Commit, Committed, GetState, NotCommitted, ReadProof, Unknown, Wait};

fn lost(proof: Proof) -> LostCommit {
    LostCommit::new(&Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None), proof, Leaders::One)
}

/// A commit to which the coordinator has responded with an error that leaves the outcome open.
fn ended(proof: Proof) -> LostCommit {
    let number = Some(ErrorNumber::CLUSTER_CONNECTION_LOST);
    LostCommit::new(
        &Failure::new(ErrorKind::BackendConnectionLost, Outcome::Unknown, number),
        proof,
        Leaders::One,
    )
}

fn state(state: TransactionState) -> CommitAnswer {
    CommitAnswer::State(state)
}

/// Answers the questions of a lost commit at their earliest times, and returns its conclusion.
fn play(mut commit: LostCommit, script: &[(CommitStep, CommitAnswer)]) -> (CommitStep, Duration) {
    let mut now = Duration::ZERO;
    for (question, answer) in script {
        if let Wait(wait) = commit.step(now) {
            now += wait;
        }
        assert_eq!(commit.step(now), *question, "{script:?}");
        commit.record(answer, now);
    }
    (commit.step(now), now)
}

const RUNNING: CommitAnswer = CommitAnswer::State(TransactionState::Running);
const COMMITTED: CommitAnswer = CommitAnswer::State(TransactionState::Committed);
const ABORTED: CommitAnswer = CommitAnswer::State(TransactionState::Aborted);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn committed_is_believed_when_it_is_said_twice_5_s_apart() {
    let mut commit = lost(Proof::Absent);
    commit.record(&COMMITTED, Duration::ZERO);
    assert_eq!(commit.step(SECOND), Wait(4 * SECOND));
    commit.record(&COMMITTED, 5 * SECOND);
    assert_eq!(commit.step(5 * SECOND), Committed);
}

#[test]
fn committed_is_believed_when_it_is_said_1_s_after_the_end_of_the_first_copy() {
    let script = [(GetState, COMMITTED), (GetState, COMMITTED)];
    assert_eq!(play(ended(Proof::Absent), &script), (Committed, SECOND));
    assert_eq!(play(lost(Proof::Absent), &script), (Committed, 5 * SECOND));
}

#[test]
fn committed_that_is_taken_back_leaves_the_outcome_unknown() {
    let script = [(GetState, COMMITTED), (GetState, ABORTED)];
    assert_eq!(play(lost(Proof::Absent), &script).0, Unknown);
}

#[test]
fn with_a_proof_committed_is_believed_only_if_the_proof_is_there() {
    let there = [(GetState, COMMITTED), (ReadProof, CommitAnswer::Proof(true))];
    assert_eq!(play(lost(Proof::Written), &there), (Committed, Duration::ZERO));
    let not_yet = (ReadProof, CommitAnswer::Proof(false));
    let slow = [(GetState, COMMITTED), not_yet.clone(), (GetState, COMMITTED), not_yet, (GetState, ABORTED)];
    for commit in [lost(Proof::Written), ended(Proof::Written)] {
        assert_eq!(play(commit, &slow), (ReadProof, 2 * SECOND));
    }
}

#[test]
fn aborted_proves_nothing_since_a_lost_db_server_may_have_committed() {
    let refused = [(GetState, RUNNING), (Commit, ABORTED)];
    let lost_again = [(GetState, RUNNING), (Commit, CommitAnswer::None), (GetState, ABORTED)];
    for script in [&[(GetState, ABORTED)], &refused[..], &lost_again[..]] {
        assert_eq!(play(lost(Proof::Absent), script).0, Unknown);
        assert_eq!(play(lost(Proof::Written), script).0, ReadProof);
    }
}

#[test]
fn an_open_transaction_is_committed_again_and_its_answer_is_confirmed() {
    let again = [(GetState, RUNNING), (Commit, COMMITTED), (GetState, COMMITTED)];
    assert_eq!(play(lost(Proof::Absent), &again), (Committed, 5 * SECOND));
    let busy = [
        (GetState, RUNNING),
        (Commit, CommitAnswer::Busy),
        (GetState, RUNNING),
        (Commit, COMMITTED),
        (GetState, COMMITTED),
    ];
    assert_eq!(play(lost(Proof::Absent), &busy), (Committed, 6 * SECOND));
}

#[test]
fn without_a_proof_a_dead_owner_leaves_the_outcome_unknown() {
    assert_eq!(play(lost(Proof::Absent), &[(GetState, CommitAnswer::Gone)]).0, Unknown);
    let again = [(GetState, RUNNING), (Commit, CommitAnswer::Gone)];
    assert_eq!(play(lost(Proof::Absent), &again).0, Unknown);
}

#[test]
fn a_proof_decides_at_once_if_it_is_there_and_after_5_min_30_s_if_it_is_not() {
    let there = [(GetState, CommitAnswer::Gone), (ReadProof, CommitAnswer::Proof(true))];
    assert_eq!(play(lost(Proof::Written), &there), (Committed, Duration::ZERO));

    for answer in [CommitAnswer::Gone, ABORTED] {
        let mut commit = lost(Proof::Written);
        commit.record(&answer, 2 * SECOND);
        let mut now = 2 * SECOND;
        let step = loop {
            match commit.step(now) {
                Wait(wait) => now += wait,
                ReadProof => commit.record(&CommitAnswer::Proof(false), now),
                step => break step,
            }
        };
        assert_eq!((step, now), (NotCommitted, 332 * SECOND));
    }
}

#[test]
fn an_owner_that_does_not_respond_is_asked_again_since_it_may_live() {
    let silent = [
        (GetState, CommitAnswer::None),
        (ReadProof, CommitAnswer::Proof(false)),
        (GetState, CommitAnswer::None),
        (ReadProof, CommitAnswer::Proof(true)),
    ];
    assert_eq!(play(lost(Proof::Written), &silent), (Committed, SECOND));
    assert_eq!(play(lost(Proof::Absent), &[(GetState, CommitAnswer::None)]).0, Wait(SECOND));
}

#[test]
fn the_first_response_decides_if_it_is_a_refusal_or_a_success_that_was_cut_off() {
    let first = |kind, outcome, number| {
        LostCommit::new(&Failure::new(kind, outcome, number), Proof::Absent, Leaders::One)
            .step(Duration::ZERO)
    };
    let refused = |kind, outcome, number| first(kind, outcome, Some(number));
    let (gone, server) = (ErrorKind::TransactionGone, ErrorKind::Server);
    assert_eq!(first(ErrorKind::ConnectRefused, Outcome::NotExecuted, None), NotCommitted);
    assert_eq!(refused(gone, Outcome::Unknown, ErrorNumber::TRANSACTION_ABORTED), NotCommitted);
    assert_eq!(refused(gone, Outcome::NotExecuted, ErrorNumber::TRANSACTION_NOT_FOUND), NotCommitted);
    assert_eq!(refused(server, Outcome::Executed, ErrorNumber::TRANSACTION_DISALLOWED), NotCommitted);
    assert_eq!(first(ErrorKind::BodyInterrupted, Outcome::Executed, None), Committed);
    assert_eq!(first(ErrorKind::Decode, Outcome::Executed, None), GetState);
    assert_eq!(refused(server, Outcome::Unknown, ErrorNumber::RESOURCE_LIMIT), GetState);
    let second_copy = Failure::new(gone, Outcome::NotExecuted, Some(ErrorNumber::TRANSACTION_NOT_FOUND));
    let commit = LostCommit::new(&second_copy.after_ambiguous_attempt(), Proof::Absent, Leaders::One);
    assert_eq!(commit.step(Duration::ZERO), GetState);
}

#[test]
fn a_refusal_proves_nothing_if_another_leader_may_have_committed() {
    use ErrorKind as K;
    for (kind, outcome, number, depends) in [
        (K::TransactionGone, Outcome::NotExecuted, Some(1655), true),
        (K::TransactionGone, Outcome::Unknown, Some(1654), true),
        (K::Server, Outcome::Executed, Some(1653), true),
        (K::Conflict, Outcome::NotExecuted, Some(1200), true),
        (K::WriteConcernNotMet, Outcome::NotExecuted, Some(1429), true),
        // Before it came to a leader.
        (K::ConnectRefused, Outcome::NotExecuted, None, false),
        (K::QueueFull, Outcome::NotExecuted, Some(21003), false),
        (K::NotAuthorized, Outcome::NotExecuted, Some(11), false),
    ] {
        let failure = Failure::new(kind, outcome, number.map(ErrorNumber));
        assert_eq!(LostCommit::depends_on_leaders(&failure), depends, "{kind:?}");
        for proof in [Proof::Absent, Proof::Written] {
            let first = |leaders| LostCommit::new(&failure, proof, leaders).step(Duration::ZERO);
            assert_eq!(first(Leaders::One), NotCommitted, "{kind:?}");
            assert_eq!(first(Leaders::Several), if depends { GetState } else { NotCommitted }, "{kind:?}");
        }
    }
}

#[test]
fn the_end_of_the_first_copy_says_nothing_about_a_second_one_that_is_not_answered() {
    for answer in [CommitAnswer::None, CommitAnswer::Busy] {
        let again = [(GetState, RUNNING), (Commit, answer), (GetState, COMMITTED), (GetState, COMMITTED)];
        assert_eq!(play(ended(Proof::Absent), &again), (Committed, 6 * SECOND));
        let mut before = vec![(GetState, COMMITTED)];
        before.extend(again);
        assert_eq!(play(ended(Proof::Absent), &before), (Committed, 7 * SECOND));
    }
}

#[test]
fn errors_are_answers_only_if_they_are_about_the_transaction() {
    let answer = |kind, number| {
        CommitAnswer::of_failure(&Failure::new(kind, Outcome::Unknown, Some(ErrorNumber(number))))
    };
    assert_eq!(answer(ErrorKind::TransactionGone, 1655), CommitAnswer::Gone);
    assert_eq!(answer(ErrorKind::OwnerGone, 1449), CommitAnswer::Gone);
    assert_eq!(answer(ErrorKind::TransactionGone, 1654), ABORTED);
    assert_eq!(answer(ErrorKind::Server, 1653), ABORTED);
    assert_eq!(answer(ErrorKind::TransactionBusy, 28), CommitAnswer::Busy);
    assert_eq!(answer(ErrorKind::BackendUnavailable, 1478), CommitAnswer::None);
}

#[test]
fn a_late_success_is_believed_as_soon_as_the_state_is_known() {
    for proof in [Proof::Absent, Proof::Written] {
        let late = || LostCommit::of_late_success(proof);
        assert_eq!(play(late(), &[(GetState, COMMITTED)]), (Committed, Duration::ZERO));
        assert_eq!(play(late(), &[(GetState, ABORTED)]), (NotCommitted, Duration::ZERO));
    }
    let gone = [(GetState, CommitAnswer::Gone)];
    assert_eq!(play(LostCommit::of_late_success(Proof::Absent), &gone).0, Unknown);
    assert_eq!(play(LostCommit::of_late_success(Proof::Written), &gone).0, ReadProof);
}

/// What the answers of one sequence have shown so far.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
struct Shown {
    /// Whether all copies of the commit have ended.
    ended: bool,
    /// When it was said to be committed, since the last copy that may still be executed.
    committed: Vec<Duration>,
    was_state_asked: bool,
    is_open: bool,
    proof_seen: bool,
    /// When it was first said to be aborted or gone.
    abandoned_at: Option<Duration>,
    missing_at: Option<Duration>,
}

/// Follows every sequence of answers, and checks each step against what was shown before it.
fn explore(commit: &LostCommit, now: Duration, shown: &Shown, depth: u32, ends: &mut [u32; 3]) {
    let mut now = now;
    if let Wait(wait) = commit.step(now) {
        assert!(!wait.is_zero());
        now += wait;
    }
    let mut answers = vec![CommitAnswer::None];
    let step = commit.step(now);
    match step {
        GetState => answers.extend([RUNNING, COMMITTED, ABORTED, CommitAnswer::Gone, state("new".into())]),
        Commit => {
            assert!(shown.was_state_asked && shown.is_open, "a commit needs an open transaction");
            answers.extend([COMMITTED, ABORTED, CommitAnswer::Gone, CommitAnswer::Busy]);
        }
        ReadProof => {
            assert_eq!(commit.proof, Proof::Written);
            assert!(shown.was_state_asked);
            answers.extend([CommitAnswer::Proof(true), CommitAnswer::Proof(false)]);
        }
        Committed => {
            let (first, last) = (shown.committed.first(), shown.committed.last());
            let is_said_twice = shown.committed.len() >= 2
                && first.zip(last).is_some_and(|(first, last)| {
                    *last >= *first + 5 * SECOND || shown.ended && *last >= SECOND
                });
            assert!(shown.proof_seen || commit.proof == Proof::Absent && is_said_twice);
            ends[0] += 1;
            return;
        }
        NotCommitted => {
            let is_proof_missing = shown
                .abandoned_at
                .zip(shown.missing_at)
                .is_some_and(|(abandoned, missing)| missing >= abandoned + 330 * SECOND);
            assert!(is_proof_missing);
            ends[1] += 1;
            return;
        }
        Unknown => {
            assert!(commit.proof == Proof::Absent && shown.abandoned_at.is_some());
            ends[2] += 1;
            return;
        }
        Wait(_) => unreachable!("the time has come"),
    }
    if depth == 0 {
        return;
    }
    for answer in answers {
        for delay in [Duration::ZERO, 400 * SECOND] {
            let (mut commit, mut shown, asked_at, now) = (commit.clone(), shown.clone(), now, now + delay);
            shown.was_state_asked |= step == GetState;
            shown.is_open = step == GetState && answer == RUNNING;
            match (&step, &answer) {
                (Commit, CommitAnswer::None | CommitAnswer::Busy) => {
                    shown.ended = false;
                    shown.committed.clear();
                }
                (_, answer) if *answer == COMMITTED => shown.committed.push(now),
                (_, answer) if *answer == ABORTED || *answer == CommitAnswer::Gone => {
                    shown.abandoned_at.get_or_insert(now);
                }
                (_, CommitAnswer::Proof(true)) => shown.proof_seen = true,
                // The look began before the delay.
                (_, CommitAnswer::Proof(false)) => shown.missing_at = Some(asked_at),
                _ => {}
            }
            commit.record(&answer, now);
            explore(&commit, now, &shown, depth - 1, ends);
        }
    }
}

#[test]
fn no_sequence_of_answers_leads_to_a_conclusion_that_they_do_not_prove() {
    for proof in [Proof::Absent, Proof::Written] {
        for has_ended in [false, true] {
            let mut ends = [0; 3];
            let commit = if has_ended { ended(proof) } else { lost(proof) };
            assert_eq!(commit.step(Duration::ZERO), GetState, "the state is asked for first");
            let shown = Shown { ended: has_ended, ..Shown::default() };
            explore(&commit, Duration::ZERO, &shown, 5, &mut ends);
            let has_proof = proof == Proof::Written;
            assert!(ends[0] > 0 && (ends[1] > 0) == has_proof && (ends[2] > 0) != has_proof, "{ends:?}");
        }
    }
}
