//! Preflight checks of health and shards right before each step. Older results do not count.

mod decommission;
mod moves;
mod random_failures;
mod restart;

use std::time::Duration;

use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};

use super::{SECOND, executions, on_agency_dump, poll_options, restart_server, skewed_cluster, start};

/// Maximum age of a check of health and shards, as documented.
const VALID_FOR: Duration = Duration::from_secs(10);

/// Makes dumps of the agency fail.
fn no_dumps(cluster: &TestCluster) -> Vec<FaultGuard> {
    cluster.inject(&on_agency_dump(Fault::response(503, 503, "starting")))
}

/// Makes the health response arrive slowly. It is outdated when it is complete.
fn slow_health(pause: Duration) -> Fault {
    Fault::slow_body(900, pause).on(Match::get("/_admin/cluster/health"))
}
