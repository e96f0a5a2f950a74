//! R30–R37, R39, R44 and R45: a coordinator answered, and no other would answer otherwise.

use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Close, Fault, Phase};

use super::refusal::Then::Fails;
use super::refusal::{Refusal, refused, unknown};
use super::{B3, Expect, Tells, meet, on_writes, tells};
use crate::support::{client, cluster};

for_each_class![
    r30_an_unknown_database_is_told_from_a_missing_right,
    r32_what_was_lost_with_its_coordinator_is_nowhere_else,
    r33_a_cursor_in_use_is_asked_for_again_where_it_is,
    r34_a_conflict_is_not_repeated_unasked,
    r35_a_conflict_after_an_attempt_of_unknown_fate_leaves_it_unknown_whose_it_is,
    r36_a_revision_that_does_not_match_is_final,
    r37_what_was_killed_may_have_had_its_effect,
    r39_any_other_failure_of_the_server_is_final,
    r44_what_the_server_does_not_know_no_other_knows,
    r45_any_other_refusal_means_what_its_status_means,
];

async fn r30_an_unknown_database_is_told_from_a_missing_right(class: RequestClass) {
    refused(404, 1228, ErrorKind::DatabaseUnknown, Tells::Good).then(class, Fails).await;
}

async fn r32_what_was_lost_with_its_coordinator_is_nowhere_else(class: RequestClass) {
    for number in [1449, 1600, 1655] {
        refused(404, number, ErrorKind::OwnerGone, Tells::Good).then(class, Fails).await;
    }
}

async fn r33_a_cursor_in_use_is_asked_for_again_where_it_is(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let busy = Fault::answer(409, 1601, "cursor is busy");
    let _fault = cluster.coordinator(0).inject(on_writes(busy.clone()).times(1));
    let same = Expect::elsewhere().tried(2, 0).at_servers(2, 1).within(B3);
    meet(&cluster, &client, class).await.is(&same);
    assert_eq!(tells(&cluster, class, &busy).await, Tells::Good);
}

async fn r34_a_conflict_is_not_repeated_unasked(class: RequestClass) {
    refused(409, 1200, ErrorKind::Conflict, Tells::Good).then(class, Fails).await;
}

async fn r35_a_conflict_after_an_attempt_of_unknown_fate_leaves_it_unknown_whose_it_is(class: RequestClass) {
    for (status, number, kind, outcome) in [
        (409, 1210, ErrorKind::Conflict, Outcome::Executed),
        (409, 1207, ErrorKind::Conflict, Outcome::Executed),
        (404, 1202, ErrorKind::NotFound, Outcome::Executed),
        (412, 1200, ErrorKind::PreconditionFailed, Outcome::Unknown),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = Fault::close(Phase::AfterExecution).how(Close::Fin);
        let _lost = cluster.coordinator(0).inject(on_writes(lost).times(1));
        let _conflicts = [1, 2].map(|index| {
            cluster.coordinator(index).inject(on_writes(Fault::answer(status, number, "there is one")))
        });
        let met = meet(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            // There is no second copy that could meet the first.
            let lost = Expect::failure(ErrorKind::ConnectionLost, Outcome::Unknown, StoppedBy::NotRetryable);
            met.is(&lost.at_servers(1, 1));
        } else {
            let ours = Expect::failure(kind, outcome, StoppedBy::NotRetryable);
            let error = met.is(&ours.tried(1, 1).at_servers(2, 1)).error();
            assert_eq!(error.attempts()[0].outcome, Outcome::Unknown);
            assert_eq!(error.error_number().unwrap().0, number);
        }
    }
}

async fn r36_a_revision_that_does_not_match_is_final(class: RequestClass) {
    refused(412, 1200, ErrorKind::PreconditionFailed, Tells::Good).then(class, Fails).await;
}

async fn r37_what_was_killed_may_have_had_its_effect(class: RequestClass) {
    for number in [21, 1500, 1654] {
        unknown(410, number, ErrorKind::Aborted, Tells::Good).then(class, Fails).await;
    }
}

async fn r39_any_other_failure_of_the_server_is_final(class: RequestClass) {
    unknown(500, 4, ErrorKind::Server, Tells::Failed).then(class, Fails).await;
}

async fn r44_what_the_server_does_not_know_no_other_knows(class: RequestClass) {
    for number in [9, 1470, 1471] {
        refused(501, number, ErrorKind::NotSupported, Tells::Good).then(class, Fails).await;
    }
}

async fn r45_any_other_refusal_means_what_its_status_means(class: RequestClass) {
    // None of these numbers has a rule of its own; 10 and 1210 are real, and one is made up.
    for (status, number, kind, outcome, health) in [
        (400, 10, ErrorKind::Server, Outcome::Executed, Tells::Good),
        (401, 4711, ErrorKind::NotAuthorized, Outcome::NotExecuted, Tells::Nothing),
        (403, 4711, ErrorKind::Forbidden, Outcome::NotExecuted, Tells::Good),
        (404, 4711, ErrorKind::NotFound, Outcome::Executed, Tells::Good),
        (409, 1210, ErrorKind::Conflict, Outcome::Executed, Tells::Good),
        (412, 4711, ErrorKind::PreconditionFailed, Outcome::Executed, Tells::Good),
        (413, 413, ErrorKind::Server, Outcome::NotExecuted, Tells::Good),
        (414, 4711, ErrorKind::Server, Outcome::NotExecuted, Tells::Good),
        (431, 4711, ErrorKind::Server, Outcome::NotExecuted, Tells::Good),
        (502, 4711, ErrorKind::Server, Outcome::Unknown, Tells::Failed),
        (505, 4711, ErrorKind::Server, Outcome::Unknown, Tells::Failed),
    ] {
        Refusal { status, number, executed: true, kind, outcome, health }.then(class, Fails).await;
    }
}
