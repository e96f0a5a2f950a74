//! The look at health and shards that comes last before something is done: what was seen before it counts no more.

mod drain;
mod moves;
mod random;
mod restart;

use std::time::Duration;

use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};

use super::{SECOND, dumps, everywhere, executions, pace, skewed, start, start_again};

/// For how long what was seen of health and shards may be acted upon, as the documentation says.
const VALID_FOR: Duration = Duration::from_secs(10);

/// Takes the dumps of the agency away.
fn no_dumps(cluster: &TestCluster) -> Vec<FaultGuard> {
    everywhere(cluster, &dumps(Fault::answer(503, 503, "starting")))
}

/// Has health answered at once and read for 25 seconds, or less: what it says is that old when it can be read.
fn slow_health(pause: Duration) -> Fault {
    Fault::slow_body(900, pause).on(Match::get("/_admin/cluster/health"))
}
