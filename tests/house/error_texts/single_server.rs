//! Servers that are not part of a cluster.

use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};

use super::Page;
use crate::support::{builder, cluster_of};

/// Has the only coordinator answer for its role, id and health as a single server does.
fn single(cluster: &TestCluster) -> Vec<FaultGuard> {
    let role = r#"{"error":false,"code":200,"role":"SINGLE","mode":"default"}"#;
    let on = |path, fault: Fault| cluster.coordinator(0).inject(fault.on(Match::get(path)));
    vec![
        on(
            "/_admin/server/role",
            Fault::answer_raw(200, "application/json", role).header("server", "ArangoDB"),
        ),
        on("/_admin/server/id", Fault::answer(500, 500, "internal error")),
        on("/_admin/cluster/health", Fault::answer(403, 403, "not allowed on single servers")),
        on(
            "/_api/cluster/endpoints",
            Fault::answer(501, 9, "cannot serve this request for this deployment type"),
        ),
    ]
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Single servers");
    let cluster = cluster_of(1).await;
    let _single = single(&cluster);
    let client = builder(&cluster).build().unwrap();
    page.error("Health of a single server", &client.cluster().health().await.unwrap_err());
    page.error("Id of a single server", &client.cluster().server_id().await.unwrap_err());
    page.error("Endpoints of a single server", &client.cluster().endpoints().await.unwrap_err());

    let cluster = cluster_of(1).await;
    let forbidden = Fault::answer(403, 403, "you need admin rights to produce an agency dump");
    let _forbidden = cluster.coordinator(0).inject(forbidden.on(Match::any()));
    let client = builder(&cluster).build().unwrap();
    page.error(
        "Rights are missing, and the role is not told",
        &client.cluster().agency_dump().await.unwrap_err(),
    );
}
