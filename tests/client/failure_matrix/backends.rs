//! R25–R29a and R38: errors caused by another server of the cluster.

use arango::cluster::ServerId;
use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestClass, RequestProperties,
};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;
use bytes::Bytes;
use http::Request;

use super::error_response::Reaction::AfterBackoff;
use super::error_response::{if_late_copy_harmless, if_repeatable, not_executed, unknown};
use super::recording_connector::RecordingConnector;
use super::{Expect, HealthSignal, OVERLOAD_BACKOFF, call_and_observe, on_writes};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r25_an_unreachable_backend_has_an_unknown_outcome,
    r25a_an_unknown_server_is_not_retried,
    r26_a_lost_backend_connection_is_unknown_despite_503,
    r27_a_timed_out_backend_may_still_be_running,
    r28_a_resigned_leader_has_an_unknown_outcome,
    r29_a_server_that_is_not_leader_has_executed_nothing,
    r29a_an_untrusted_host_in_a_header_is_never_contacted,
    r47_a_missed_write_concern_is_retried_later,
    r38_an_agency_failure_inside_the_cluster_is_not_startup,
];

async fn r25_an_unreachable_backend_has_an_unknown_outcome(class: RequestClass) {
    let row = unknown(503, 1478, ErrorKind::BackendUnavailable, HealthSignal::Neutral);
    row.assert_reaction(class, if_repeatable(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
}

/// A request that a coordinator relays to another server.
struct Relayed(RequestClass);

impl Operation for Relayed {
    type Output = ();
    const METADATA: Metadata =
        Metadata::post("books.relayed", "/_api/document/books").without_body().relayed();

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.0)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        insert("m", self.0).request()
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        insert("", self.properties().class).output(response)
    }
}

async fn r25a_an_unknown_server_is_not_retried(class: RequestClass) {
    let cluster = cluster().await;
    let _faults = cluster.inject(&on_writes(Fault::response(503, 1478, "backend unavailable")));
    let error = client(&cluster).db("_system").execute(Relayed(class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownServer, Outcome::NotExecuted));
    assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_server_id_is_not_retried_and_the_error_has_advice() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let unknown = ServerId::from("PRMR-00000000-0000-0000-0000-000000000000");
    let admin = client.cluster();
    for error in [
        admin.server_version(&unknown).await.unwrap_err(),
        admin.server_engine(&unknown).await.unwrap_err(),
        admin.server_statistics(&unknown).await.unwrap_err(),
        admin.db_server_statistics(&unknown).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownServer, Outcome::NotExecuted));
        assert_eq!((error.error_number().unwrap().0, error.attempts().len()), (1478, 1));
        assert!(error.to_string().contains("unknown server"), "{error}");
        assert!(error.report().to_string().contains("health()"), "{}", error.report());
    }
    assert_eq!(cluster.journal().entries().len(), 4);
}

async fn r26_a_lost_backend_connection_is_unknown_despite_503(class: RequestClass) {
    let row = unknown(503, 1465, ErrorKind::BackendConnectionLost, HealthSignal::Neutral);
    row.assert_reaction(class, if_repeatable(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
}

async fn r27_a_timed_out_backend_may_still_be_running(class: RequestClass) {
    let row = unknown(500, 1457, ErrorKind::BackendTimeout, HealthSignal::Neutral);
    row.assert_reaction(class, if_late_copy_harmless(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
}

async fn r28_a_resigned_leader_has_an_unknown_outcome(class: RequestClass) {
    for status in [421, 503] {
        let row = unknown(status, 1491, ErrorKind::NotLeader, HealthSignal::Neutral);
        row.assert_reaction(class, if_repeatable(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
    }
}

async fn r29_a_server_that_is_not_leader_has_executed_nothing(class: RequestClass) {
    for number in [1495, 1496] {
        not_executed(503, number, ErrorKind::NotLeader, HealthSignal::Neutral)
            .assert_reaction(class, AfterBackoff(OVERLOAD_BACKOFF))
            .await;
    }
}

async fn r47_a_missed_write_concern_is_retried_later(class: RequestClass) {
    for status in [403, 503] {
        not_executed(status, 1429, ErrorKind::WriteConcernNotMet, HealthSignal::Neutral)
            .assert_reaction(class, AfterBackoff(OVERLOAD_BACKOFF))
            .await;
    }
}

async fn r29a_an_untrusted_host_in_a_header_is_never_contacted(class: RequestClass) {
    for untrusted in ["http://192.0.2.1:8529", "tcp://192.0.2.1:8529"] {
        let cluster = cluster().await;
        let connector = RecordingConnector::new(&cluster);
        let client = builder(&cluster).connect(connector.clone()).build().unwrap();
        // The request is not executed, and the response names an unknown host.
        let hint =
            format!("{{\"error\":true,\"code\":503,\"errorNum\":1496,\"errorMessage\":\"{untrusted}\"}}");
        let fault = Fault::raw_response(503, "application/json", hint).header("x-arango-endpoint", untrusted);
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        call_and_observe(&cluster, &client, class)
            .await
            .assert_matches(&Expect::fails_over().server_counts(2, 1).within(OVERLOAD_BACKOFF));
        let known = cluster.urls();
        assert!(
            connector.connected_urls().iter().all(|url| known.contains(url)),
            "{:?}",
            connector.connected_urls()
        );
    }
}

async fn r38_an_agency_failure_inside_the_cluster_is_not_startup(class: RequestClass) {
    for number in [503, 1492, 1472, 1454] {
        let row = unknown(500, number, ErrorKind::AgencyUnavailable, HealthSignal::Neutral);
        row.assert_reaction(class, if_late_copy_harmless(class, AfterBackoff(OVERLOAD_BACKOFF))).await;
    }
}
