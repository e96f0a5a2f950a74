//! Coordinators that are found through another one.

use std::time::Duration;

use arango::Discovery;
use tokio::time::{Instant, sleep};

use crate::cluster_under_test::{ClusterUnderTest, LIMIT};

#[tokio::test]
async fn from_one_coordinator_all_are_found() {
    let under_test = ClusterUnderTest::from_env();
    if !under_test.is_discoverable_or_skip() {
        return;
    }
    let discovery = Discovery::enabled().interval(Duration::from_secs(2));
    let client = under_test.authorized(&*under_test.endpoints[0]).discovery(discovery).build().unwrap();
    let begin = Instant::now();

    // Those whose identity was checked, too.
    while client.coordinators().iter().filter(|state| state.is_member()).count() < under_test.endpoints.len()
    {
        client.db("_system").version().await.unwrap();
        assert!(begin.elapsed() < LIMIT, "found: {:?}", client.coordinators());
        sleep(Duration::from_millis(50)).await;
    }

    for state in client.coordinators() {
        client.coordinator(&state.address).server_id().await.unwrap();
    }
}
