//! Errors for servers that are not part of a cluster.

use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};

use super::Page;
use crate::support::{builder, cluster_of};

/// Makes the only coordinator respond like a single server. This applies to requests for role, id, health and
/// endpoints.
fn respond_as_single_server(cluster: &TestCluster) -> Vec<FaultGuard> {
    let role = r#"{"error":false,"code":200,"role":"SINGLE","mode":"default"}"#;
    let on = |path, fault: Fault| cluster.coordinator(0).inject(fault.on(Match::get(path)));
    vec![
        on(
            "/_admin/server/role",
            Fault::raw_response(200, "application/json", role).header("server", "ArangoDB"),
        ),
        on("/_admin/server/id", Fault::response(500, 500, "internal error")),
        on("/_admin/cluster/health", Fault::response(403, 403, "not allowed on single servers")),
        on(
            "/_api/cluster/endpoints",
            Fault::response(501, 9, "cannot serve this request for this deployment type"),
        ),
    ]
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Single servers");
    let cluster = cluster_of(1).await;
    let _single = respond_as_single_server(&cluster);
    let client = builder(&cluster).build().unwrap();
    page.error("Health of a single server", &client.cluster().health().await.unwrap_err());
    page.error("Id of a single server", &client.cluster().server_id().await.unwrap_err());
    page.error("Endpoints of a single server", &client.cluster().endpoints().await.unwrap_err());

    let cluster = cluster_of(1).await;
    let forbidden = Fault::response(403, 403, "you need admin rights to produce an agency dump");
    let _forbidden = cluster.coordinator(0).inject(forbidden.on(Match::any()));
    let client = builder(&cluster).build().unwrap();
    page.error(
        "A permission is missing, and the role cannot be read",
        &client.cluster().agency_dump().await.unwrap_err(),
    );
}
