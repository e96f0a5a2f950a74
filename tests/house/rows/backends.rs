//! R25–R29a and R38: a coordinator could not do it, because something behind it in the cluster could not.

use arango::cluster::ServerId;
use arango::protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestClass};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::Fault;
use bytes::Bytes;
use http::Request;

use super::refusal::Then::After;
use super::refusal::{if_safe, refused, unknown, unless_it_is_a_write};
use super::watched::Watched;
use super::{B2, Expect, Tells, meet, on_writes};
use crate::support::{builder, client, cluster, insert};

for_each_class![
    r25_a_backend_that_cannot_be_reached_may_be_one_of_several,
    r25a_a_server_that_the_coordinator_does_not_know_is_asked_for_once,
    r26_a_lost_backend_may_have_executed_it_though_the_status_is_503,
    r27_a_backend_timeout_may_be_running_still,
    r28_a_leader_that_has_resigned_may_be_one_of_several,
    r29_who_does_not_lead_has_executed_nothing,
    r29a_a_stranger_that_a_header_names_is_never_asked,
    r38_an_agency_that_does_not_answer_deep_inside_is_no_start_up,
];

async fn r25_a_backend_that_cannot_be_reached_may_be_one_of_several(class: RequestClass) {
    let row = unknown(503, 1478, ErrorKind::BackendUnavailable, Tells::Nothing);
    row.then(class, unless_it_is_a_write(class, After(B2))).await;
}

/// A request that a coordinator passes on to the server that it names.
struct Relayed(RequestClass);

impl Operation for Relayed {
    type Output = ();
    const METADATA: Metadata = Metadata::post("books.relayed", "/_api/document/books").relayed();

    fn class(&self) -> RequestClass {
        self.0
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        insert("m", self.0).request()
    }

    fn output(&self, answer: ApiResponse) -> Result<(), DecodeError> {
        insert("", self.class()).output(answer)
    }
}

async fn r25a_a_server_that_the_coordinator_does_not_know_is_asked_for_once(class: RequestClass) {
    let cluster = cluster().await;
    let _faults: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(on_writes(Fault::answer(503, 1478, "backend unavailable"))))
        .collect();
    let error = client(&cluster).db("_system").execute(Relayed(class)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownServer, Outcome::NotExecuted));
    assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_server_id_is_asked_for_once_and_the_error_says_where_ids_are_listed() {
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

async fn r26_a_lost_backend_may_have_executed_it_though_the_status_is_503(class: RequestClass) {
    let row = unknown(503, 1465, ErrorKind::BackendConnectionLost, Tells::Nothing);
    row.then(class, unless_it_is_a_write(class, After(B2))).await;
}

async fn r27_a_backend_timeout_may_be_running_still(class: RequestClass) {
    let row = unknown(500, 1457, ErrorKind::BackendTimeout, Tells::Nothing);
    row.then(class, if_safe(class, After(B2))).await;
}

async fn r28_a_leader_that_has_resigned_may_be_one_of_several(class: RequestClass) {
    for status in [421, 503] {
        let row = unknown(status, 1491, ErrorKind::NotLeader, Tells::Nothing);
        row.then(class, unless_it_is_a_write(class, After(B2))).await;
    }
}

async fn r29_who_does_not_lead_has_executed_nothing(class: RequestClass) {
    for number in [1495, 1496] {
        refused(503, number, ErrorKind::NotLeader, Tells::Nothing).then(class, After(B2)).await;
    }
}

async fn r29a_a_stranger_that_a_header_names_is_never_asked(class: RequestClass) {
    for stranger in ["http://192.0.2.1:8529", "tcp://192.0.2.1:8529"] {
        let cluster = cluster().await;
        let watched = Watched::of(&cluster);
        let client = builder(&cluster).connect(watched.clone()).build().unwrap();
        // What is not executed, and whose answer names somebody.
        let hint =
            format!("{{\"error\":true,\"code\":503,\"errorNum\":1496,\"errorMessage\":\"{stranger}\"}}");
        let fault = Fault::answer_raw(503, "application/json", hint).header("x-arango-endpoint", stranger);
        let _fault = cluster.coordinator(0).inject(on_writes(fault).times(1));
        meet(&cluster, &client, class).await.is(&Expect::elsewhere().at_servers(2, 1).within(B2));
        let known = cluster.urls();
        assert!(watched.asked().iter().all(|url| known.contains(url)), "{:?}", watched.asked());
    }
}

async fn r38_an_agency_that_does_not_answer_deep_inside_is_no_start_up(class: RequestClass) {
    for number in [503, 1492, 1472, 1454] {
        let row = unknown(500, number, ErrorKind::AgencyUnavailable, Tells::Nothing);
        row.then(class, if_safe(class, After(B2))).await;
    }
}
