//! Options of one call that override the client's settings.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{CallOptions, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::time::Instant;

use crate::support::{builder, cluster, cluster_of, insert};

#[tokio::test(start_paused = true)]
async fn a_call_can_override_the_clients_limits() {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .limits(Limits::default().total(Duration::from_secs(10)).attempt(Duration::from_secs(5)))
        .build()
        .unwrap();
    let slow = Fault::latency(Duration::from_secs(8)).on(Match::post("/_api/document/*"));
    let _slow = cluster.inject(&slow);
    let write = || insert("m", RequestClass::NonIdempotent);

    for (database, kind, seconds) in [
        (client.db("_system"), ErrorKind::AttemptTimeout, 5),
        (client.db("_system").timeout(Duration::from_secs(2)), ErrorKind::DeadlineExceeded, 2),
    ] {
        let start = Instant::now();
        let error = database.execute(write()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
        assert_eq!(start.elapsed().as_secs(), seconds);
        assert_eq!(error.limit().as_secs(), if seconds == 2 { 2 } else { 10 });
    }
    let long_timeouts =
        CallOptions::default().total(Duration::from_secs(60)).attempt(Duration::from_secs(30));
    client.db("_system").options(long_timeouts).execute(write()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_call_is_shared_by_the_coordinators_that_it_may_use() {
    for (coordinators, limit_seconds, first_attempt_seconds) in [(3, 6, 2), (6, 600, 30), (6, 60, 10)] {
        let cluster = cluster_of(coordinators).await;
        let client = builder(&cluster).build().unwrap();
        let _hang = cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*")));
        let database = client.db("_system").timeout(Duration::from_secs(limit_seconds));
        let start = Instant::now();
        database.execute(insert("m", RequestClass::Safe)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), first_attempt_seconds, "{coordinators} {limit_seconds}");
        assert_eq!(cluster.journal().received("m"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_limit_makes_a_slow_coordinator_refuse_the_call() {
    let limit = Duration::from_secs(1);
    for (client_limit, call_limit, expected_at_slow) in [
        (None, Some(limit), 0),
        (Some(limit), None, 0),
        (Some(Duration::from_secs(8)), Some(limit), 0),
        (None, None, 1),
    ] {
        let cluster = cluster().await;
        let limits = Limits::default();
        let limits = client_limit.map_or(limits.clone(), |limit| limits.server_queue_time(limit));
        let client = builder(&cluster).limits(limits).build().unwrap();
        let _slow = cluster.coordinator(0).queue_time(Duration::from_secs(5));
        let options = CallOptions::default();
        let options = call_limit.map_or(options.clone(), |limit| options.server_queue_time(limit));
        client
            .db("_system")
            .options(options)
            .execute(insert("m", RequestClass::NonIdempotent))
            .await
            .unwrap();
        assert_eq!(cluster.journal().executions("m"), 1);
        assert_eq!(
            cluster.journal().executions_matching(|entry| entry.coordinator == 0),
            expected_at_slow,
            "client: {client_limit:?}, call: {call_limit:?}"
        );
    }
}
