//! R44a: the server that rejected the call is not part of a cluster.

use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, RequestClass};
use arango::{Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};

use crate::support::{client, cluster_of};

for_each_class![r44a_a_single_server_that_refuses_a_cluster_call_is_not_part_of_a_cluster];

async fn r44a_a_single_server_that_refuses_a_cluster_call_is_not_part_of_a_cluster(class: RequestClass) {
    for (status, number) in [(403, 403), (501, 9), (501, 1471)] {
        let cluster = cluster_of(1).await;
        let calls = client(&cluster).cluster();
        let role = Fault::raw_response(200, "application/json", r#"{"role":"SINGLE","mode":"default"}"#);
        let _role = cluster.coordinator(0).inject(role.on(Match::get("/_admin/server/role")));
        let refusal = Fault::response(status, number, "only allowed on coordinators");
        let rejected = cluster.coordinator(0).inject(refusal.on(Match::path("/_admin/cluster/*")));
        let error: Error = match class {
            RequestClass::Safe => calls.health().await.unwrap_err(),
            RequestClass::Fenced => client(&cluster).db("_system").execute(EnsureCount).await.unwrap_err(),
            RequestClass::Idempotent => calls.maintenance_on().await.unwrap_err(),
            RequestClass::NonIdempotent => {
                calls.rebalance_with(&arango::cluster::RebalanceOptions::default()).await.unwrap_err()
            }
        };
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotACluster, Outcome::NotExecuted));
        assert_eq!((error.class(), error.attempts().len(), rejected.hits()), (class, 1, 1));
        let executed =
            cluster.journal().executions_matching(|entry| entry.path.starts_with("/_admin/cluster/"));
        assert_eq!(executed, 0, "{}", error.report());
    }
}

/// No operation of cluster administration has this class.
struct EnsureCount;

impl Operation for EnsureCount {
    type Output = ();

    const METADATA: Metadata =
        Metadata::put("cluster.ensure_count", "/_admin/cluster/numberOfServers").without_body().fenced();

    fn output(&self, _: ApiResponse) -> Result<(), OutputError> {
        Ok(())
    }
}
