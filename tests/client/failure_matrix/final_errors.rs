//! R30–R37, R39, R44–R46: errors that every coordinator would return.

use arango::StoppedBy;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Close, Fault, Phase};

use super::error_response::Reaction::Fails;
use super::error_response::{ErrorCase, not_executed, unknown};
use super::{CONFLICT_BACKOFF, Expect, HealthSignal, call_and_observe, health_signal, on_writes};
use crate::support::{client, cluster};

for_each_class![
    r30_an_unknown_database_is_distinguished_from_a_missing_permission,
    r31a_a_missing_document_is_final,
    r32_state_lost_with_its_coordinator_is_final,
    r32a_a_lost_transaction_is_final,
    r33_a_busy_cursor_is_retried_on_the_same_coordinator,
    r34_a_conflict_is_not_retried_by_default,
    r35_a_conflict_after_an_unknown_attempt_is_ambiguous,
    r36_a_revision_mismatch_is_final,
    r37_a_killed_query_may_have_been_executed,
    r39_any_other_server_error_is_final,
    r44_an_unsupported_operation_is_not_tried_elsewhere,
    r45_any_other_error_is_classified_by_status,
    r46_errors_of_documents_and_queries_are_final,
    r46a_a_request_over_its_memory_limit_may_have_been_executed_in_part,
];

async fn r30_an_unknown_database_is_distinguished_from_a_missing_permission(class: RequestClass) {
    not_executed(404, 1228, ErrorKind::DatabaseUnknown, HealthSignal::Success)
        .assert_reaction(class, Fails)
        .await;
}

async fn r32_state_lost_with_its_coordinator_is_final(class: RequestClass) {
    for number in [1449, 1600] {
        not_executed(404, number, ErrorKind::OwnerGone, HealthSignal::Success)
            .assert_reaction(class, Fails)
            .await;
    }
}

async fn r31a_a_missing_document_is_final(class: RequestClass) {
    not_executed(404, 1202, ErrorKind::DocumentNotFound, HealthSignal::Success)
        .assert_reaction(class, Fails)
        .await;
}

async fn r32a_a_lost_transaction_is_final(class: RequestClass) {
    not_executed(404, 1655, ErrorKind::TransactionGone, HealthSignal::Success)
        .assert_reaction(class, Fails)
        .await;
    unknown(410, 1654, ErrorKind::TransactionGone, HealthSignal::Success).assert_reaction(class, Fails).await;
}

async fn r33_a_busy_cursor_is_retried_on_the_same_coordinator(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let busy = Fault::response(409, 1601, "cursor is busy");
    let _fault = cluster.coordinator(0).inject(on_writes(busy.clone()).times(1));
    let same = Expect::fails_over().attempts(2, 0).server_counts(2, 1).within(CONFLICT_BACKOFF);
    call_and_observe(&cluster, &client, class).await.assert_matches(&same);
    assert_eq!(health_signal(&cluster, class, &busy).await, HealthSignal::Success);
}

async fn r34_a_conflict_is_not_retried_by_default(class: RequestClass) {
    not_executed(409, 1200, ErrorKind::Conflict, HealthSignal::Success).assert_reaction(class, Fails).await;
}

async fn r35_a_conflict_after_an_unknown_attempt_is_ambiguous(class: RequestClass) {
    for (status, number, kind, outcome) in [
        (409, 1210, ErrorKind::UniqueViolation, Outcome::Unknown),
        (409, 1207, ErrorKind::Conflict, Outcome::Executed),
        (404, 1202, ErrorKind::DocumentNotFound, Outcome::Unknown),
        (412, 1200, ErrorKind::PreconditionFailed, Outcome::Unknown),
    ] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let lost = Fault::close(Phase::AfterExecution).close_mode(Close::Fin);
        let _lost = cluster.coordinator(0).inject(on_writes(lost).times(1));
        let _conflicts = [1, 2].map(|index| {
            cluster.coordinator(index).inject(on_writes(Fault::response(status, number, "exists already")))
        });
        let observed = call_and_observe(&cluster, &client, class).await;
        if class == RequestClass::NonIdempotent {
            // Without a retry no second copy can conflict with the first.
            let lost = Expect::failure(ErrorKind::ConnectionLost, Outcome::Unknown, StoppedBy::NotRetryable);
            observed.assert_matches(&lost.server_counts(1, 1));
        } else {
            let own_conflict = Expect::failure(kind, outcome, StoppedBy::NotRetryable);
            let error = observed.assert_matches(&own_conflict.attempts(1, 1).server_counts(2, 1)).error();
            assert_eq!(error.attempts()[0].outcome, Outcome::Unknown);
            assert_eq!(error.error_number().unwrap().0, number);
        }
    }
}

async fn r36_a_revision_mismatch_is_final(class: RequestClass) {
    not_executed(412, 1200, ErrorKind::PreconditionFailed, HealthSignal::Success)
        .assert_reaction(class, Fails)
        .await;
}

async fn r37_a_killed_query_may_have_been_executed(class: RequestClass) {
    for (number, kind) in [(21, ErrorKind::Aborted), (1500, ErrorKind::QueryKilled)] {
        unknown(410, number, kind, HealthSignal::Success).assert_reaction(class, Fails).await;
    }
}

async fn r39_any_other_server_error_is_final(class: RequestClass) {
    unknown(500, 4, ErrorKind::Server, HealthSignal::Failure).assert_reaction(class, Fails).await;
}

async fn r44_an_unsupported_operation_is_not_tried_elsewhere(class: RequestClass) {
    for number in [9, 1470, 1471] {
        not_executed(501, number, ErrorKind::NotSupported, HealthSignal::Success)
            .assert_reaction(class, Fails)
            .await;
    }
}

async fn r45_any_other_error_is_classified_by_status(class: RequestClass) {
    // None of these error numbers has a special rule; 10 is real, the others are invented.
    for (status, number, kind, outcome, health) in [
        (400, 10, ErrorKind::Server, Outcome::Executed, HealthSignal::Success),
        (401, 4711, ErrorKind::NotAuthorized, Outcome::NotExecuted, HealthSignal::Neutral),
        (403, 4711, ErrorKind::Forbidden, Outcome::NotExecuted, HealthSignal::Success),
        (404, 4711, ErrorKind::NotFound, Outcome::Executed, HealthSignal::Success),
        (409, 4711, ErrorKind::Conflict, Outcome::Executed, HealthSignal::Success),
        (412, 4711, ErrorKind::PreconditionFailed, Outcome::Executed, HealthSignal::Success),
        (413, 413, ErrorKind::Server, Outcome::NotExecuted, HealthSignal::Success),
        (414, 4711, ErrorKind::Server, Outcome::NotExecuted, HealthSignal::Success),
        (431, 4711, ErrorKind::Server, Outcome::NotExecuted, HealthSignal::Success),
        (502, 4711, ErrorKind::Server, Outcome::Unknown, HealthSignal::Failure),
        (505, 4711, ErrorKind::Server, Outcome::Unknown, HealthSignal::Failure),
    ] {
        ErrorCase { status, number, executed: true, kind, outcome, health }
            .assert_reaction(class, Fails)
            .await;
    }
}

async fn r46_errors_of_documents_and_queries_are_final(class: RequestClass) {
    for (status, number, kind) in [
        (409, 1210, ErrorKind::UniqueViolation),
        (400, 1620, ErrorKind::SchemaViolation),
        (409, 18, ErrorKind::LockTimeout),
        (500, 28, ErrorKind::TransactionBusy),
        (400, 1501, ErrorKind::InvalidQuery),
        (400, 1551, ErrorKind::InvalidQuery),
    ] {
        not_executed(status, number, kind, HealthSignal::Success).assert_reaction(class, Fails).await;
    }
    // The query may have committed a part of its writes.
    unknown(400, 1542, ErrorKind::InvalidQuery, HealthSignal::Success).assert_reaction(class, Fails).await;
}

async fn r46a_a_request_over_its_memory_limit_may_have_been_executed_in_part(class: RequestClass) {
    unknown(500, 32, ErrorKind::ResourceLimit, HealthSignal::Success).assert_reaction(class, Fails).await;
}
