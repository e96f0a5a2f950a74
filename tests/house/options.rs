//! What one call, or one client, wants otherwise than usual.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{CallOptions, ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::time::Instant;

use crate::support::{builder, cluster, insert};

#[tokio::test(start_paused = true)]
async fn a_call_may_have_less_time_than_the_client_gives_or_more() {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .limits(Limits::default().total(Duration::from_secs(10)).attempt(Duration::from_secs(5)))
        .build()
        .unwrap();
    let slow = || Fault::latency(Duration::from_secs(8)).on(Match::post("/_api/document/*"));
    let _slow: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(slow())).collect();
    let write = || insert("m", RequestClass::NonIdempotent);

    for (database, kind, seconds) in [
        (client.db("_system"), ErrorKind::AttemptTimeout, 5),
        (client.db("_system").timeout(Duration::from_secs(2)), ErrorKind::DeadlineExceeded, 2),
    ] {
        let began = Instant::now();
        let error = database.execute(write()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
        assert_eq!(began.elapsed().as_secs(), seconds);
        assert_eq!(error.limit().as_secs(), if seconds == 2 { 2 } else { 10 });
    }
    let patient = CallOptions::default().total(Duration::from_secs(60)).attempt(Duration::from_secs(30));
    client.db("_system").options(patient).execute(write()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_whose_queue_is_too_slow_for_a_call_is_passed_over_if_it_was_told() {
    let limit = Duration::from_secs(1);
    for (of_the_client, of_the_call, at_the_slow) in [
        (None, Some(limit), 0),
        (Some(limit), None, 0),
        (Some(Duration::from_secs(8)), Some(limit), 0),
        (None, None, 1),
    ] {
        let cluster = cluster().await;
        let limits = Limits::default();
        let limits = of_the_client.map_or(limits.clone(), |limit| limits.queue(limit));
        let client = builder(&cluster).limits(limits).build().unwrap();
        let _slow = cluster.coordinator(0).queue_time(Duration::from_secs(5));
        let options = CallOptions::default();
        let options = of_the_call.map_or(options.clone(), |limit| options.queue(limit));
        client
            .db("_system")
            .options(options)
            .execute(insert("m", RequestClass::NonIdempotent))
            .await
            .unwrap();
        assert_eq!(cluster.journal().executions("m"), 1);
        assert_eq!(
            cluster.journal().executions_by(|entry| entry.coordinator == 0),
            at_the_slow,
            "client: {of_the_client:?}, call: {of_the_call:?}"
        );
    }
}
