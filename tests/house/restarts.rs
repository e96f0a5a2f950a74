//! Coordinators that say that they stop, go, and are there again: who is asked meanwhile, and from when on.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind};
use arango_test_cluster::{Coordinator, Fault, Match, TestCluster};
use tokio::time::{Instant, sleep, sleep_until};

use crate::support::{client, cluster, insert};

/// How many of the requests that tests send each coordinator has executed: probes are none of them.
fn executed(cluster: &TestCluster) -> Vec<usize> {
    let by =
        |index| cluster.journal().executions_by(|entry| entry.coordinator == index && entry.path != PROBED);
    (0..cluster.coordinators().len()).map(by).collect()
}

const PROBED: &str = "/_admin/server/availability";

fn standing(client: &Client, index: usize) -> MemberState {
    client.coordinators()[index].standing
}

/// Stops and starts as a server does: for half a second it refuses everything, for two nobody listens, and for half a
/// second it takes no requests yet.
async fn restart(coordinator: &Coordinator) {
    let stopping = coordinator.shutting_down();
    sleep(Duration::from_millis(500)).await;
    coordinator.kill();
    drop(stopping);
    sleep(Duration::from_secs(2)).await;
    let starting = coordinator.starting();
    coordinator.restart().await.unwrap();
    sleep(Duration::from_millis(500)).await;
    drop(starting);
}

/// Sends safe calls, one every five milliseconds, for so long; none fails.
async fn calls(client: &Client, time: Duration) {
    let (database, until) = (client.db("_system"), Instant::now() + time);
    let mut number = 0;
    while Instant::now() < until {
        database.execute(insert(&format!("safe-{number}"), RequestClass::Safe)).await.unwrap();
        number += 1;
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn coordinators_that_restart_one_after_the_other_have_their_shares_again_before_the_next_one_goes() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let began = Instant::now();
    for (round, coordinator) in (1..).zip(cluster.coordinators()) {
        tokio::join!(restart(coordinator), calls(&client, Duration::from_secs(9)));
        cluster.journal().clear();
        calls(&client, Duration::from_secs(1)).await;
        let counts = executed(&cluster);
        let (least, most) = (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
        assert!(least > 0 && most - least <= 1, "after restart {round}: {counts:?}");
        sleep_until(began + Duration::from_secs(10) * round).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_restarts_between_two_probes_is_back_by_the_next_one() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let stopping = cluster.coordinator(0).shutting_down();
    client.db("_system").execute(insert("first", RequestClass::Safe)).await.unwrap();
    assert_eq!(standing(&client, 0), MemberState::Draining);
    drop(stopping);
    cluster.coordinator(0).restart().await.unwrap();
    calls(&client, Duration::from_millis(1_300)).await;
    assert_eq!(
        standing(&client, 0),
        MemberState::Healthy,
        "who stops says so to a probe, and this one does not"
    );
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_stops_for_long_is_asked_for_nothing_but_whether_it_still_does() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _stopping = cluster.coordinator(0).shutting_down();
    calls(&client, Duration::from_secs(100)).await;
    assert_eq!(standing(&client, 0), MemberState::Draining);
    assert_eq!(executed(&cluster)[0], 0);
    let asked = cluster.journal().requests_to(0);
    assert!((80..=130).contains(&asked), "one call, and a probe a second, but {asked}");
}

#[tokio::test(start_paused = true)]
async fn where_a_proxy_keeps_availability_to_itself_a_coordinator_that_stops_fails_one_write_in_its_term() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for page in [
        Fault::answer_raw(403, "text/html", "no"),
        Fault::answer_raw(200, "text/html", "<html>Welcome!</html>"),
        Fault::answer_raw(502, "text/html", "<html>Bad gateway</html>"),
    ] {
        let _hidden = cluster.coordinator(0).inject(page.on(Match::get(PROBED)));
        let _stopping = cluster.coordinator(0).shutting_down();
        let mut failed = 0;
        for number in 0..58 {
            let write = insert(&format!("write-{number}"), RequestClass::NonIdempotent);
            if let Err(error) = client.db("_system").execute(write).await {
                assert_eq!(error.kind(), ErrorKind::ShuttingDown);
                failed += 1;
            }
            sleep(Duration::from_millis(500)).await;
        }
        assert_eq!((failed, standing(&client, 0)), (1, MemberState::Draining));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(
            standing(&client, 0),
            MemberState::Healthy,
            "it is not known how it is: a request will tell"
        );
        cluster.journal().clear();
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_hands_on_the_refusal_of_one_that_stops_is_missed_for_seconds_only() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let handed_on = Fault::answer(503, 30, "shutdown in progress").after_execution().times(1);
    let _relay = cluster.coordinator(0).inject(handed_on.on(Match::post("/_api/document/*")));
    calls(&client, Duration::from_millis(100)).await;
    assert_eq!(standing(&client, 0), MemberState::Draining);
    calls(&client, Duration::from_millis(3_500)).await;
    cluster.journal().clear();
    calls(&client, Duration::from_secs(1)).await;
    let counts = executed(&cluster);
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_gone_for_good_costs_no_call_an_attempt_once_a_probe_has_seen_that() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let stopping = cluster.coordinator(0).shutting_down();
    calls(&client, Duration::from_millis(500)).await;
    cluster.coordinator(0).kill();
    drop(stopping);
    let asked = client.coordinators()[0].requests;
    calls(&client, Duration::from_secs(100)).await;
    assert_eq!((standing(&client, 0), client.coordinators()[0].requests), (MemberState::Ejected, asked));
}

// In a soft shutdown a coordinator is available, and refuses a part of what it is asked.
#[tokio::test(start_paused = true)]
async fn a_coordinator_that_somebody_else_shuts_down_softly_fails_two_writes_and_not_one_a_second() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let refused = Fault::answer(503, 30, "shutdown in progress").on(Match::post("/_api/document/*"));
    let refused = cluster.coordinator(0).inject(refused);
    let mut failed = 0;
    for number in 0..600 {
        let write = insert(&format!("write-{number}"), RequestClass::NonIdempotent);
        failed += usize::from(client.db("_system").execute(write).await.is_err());
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((failed, refused.hits()), (2, 2));
}
