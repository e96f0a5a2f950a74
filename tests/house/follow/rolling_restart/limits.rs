//! Restarts for which the time is short.

use std::sync::Arc;

use arango::cluster::{ServerId, ServerRole};
use arango::follow::{RestartStep, Stopped};
use arango_test_cluster::{Fault, Match};
use tokio::time::{sleep, timeout};

use super::{Fate, Order, everywhere, executions, pace, plan, restart, run, skewed};
use crate::follow::SECOND;
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_without_the_time_to_see_it_back() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let short = pace().limit(SECOND * 119);
    let stopped =
        run(plan(&cluster), short, &cluster, &order, |_| Fate::Returns).finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { last: None, .. }), "{stopped}");
    assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (0, 0));
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_preparation_took_the_time_to_see_it_back_is_not_restarted() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    // 120 seconds are needed to see it back, and 60 of 160 are over when its leaders are gone.
    cluster.agency_jobs().set_wait(SECOND * 60);
    let short = pace().limit(SECOND * 160);
    let mut work = run(plan(&cluster), short, &cluster, &order, |_| Fate::Returns);
    let Some(RestartStep::Prepared(server)) = work.next().await else {
        panic!("there was the time for that")
    };
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { last: None, .. }), "{stopped}");
    assert!(stopped.done().is_empty() && order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
    sleep(SECOND * 5).await;
    assert!(client(&cluster).cluster().server_maintenance(&server).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_begun_is_seen_back_although_the_time_for_the_whole_is_over() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let (short, late) = (pace().limit(SECOND * 150), |_| Fate::ReturnsAfter(SECOND * 200));
    let stopped = run(plan(&cluster), short, &cluster, &order, late).finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { last: None, .. }), "{stopped}");
    assert_eq!((stopped.done().len(), order.lock().unwrap().len()), (1, 1));
    assert_eq!(executions(&cluster, "resignLeadership"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_outlasts_its_maintenance_and_returns_in_time_is_told_of_and_the_next_is_restarted() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let patient = plan(&cluster).back_within(SECOND * 1200).roles([ServerRole::DbServer]);
    let fate = |number| if number == 0 { Fate::ReturnsAfter(SECOND * 660) } else { Fate::Returns };
    let mut work = run(patient, pace(), &cluster, &order, fate);
    let mut lost = Vec::new();
    while let Some(step) = work.next().await {
        if let RestartStep::MaintenanceLost(server) = step {
            lost.push(server);
        }
    }
    let restarted = work.finished().await.unwrap();
    assert_eq!((restarted.len(), lost), (3, vec![restarted[0].clone()]));
}

#[tokio::test(start_paused = true)]
async fn a_last_look_that_shows_nothing_does_not_say_what_the_one_before_it_saw() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let mut work = restart(&cluster, &order, |_| Fate::GoesOn);
    while !matches!(work.next().await.unwrap(), RestartStep::Restarting(_)) {}
    assert!(timeout(SECOND * 110, work.next()).await.is_err());
    let _hung = everywhere(&cluster, &Fault::hang().on(Match::get("/_api/cluster/agency-dump")));
    let stopped = work.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::OutOfTime { .. }), "{stopped}");
}

#[tokio::test(start_paused = true)]
async fn who_is_passed_over_has_to_be_a_server() {
    let cluster = Arc::new(skewed().await);
    let order = Order::default();
    let wrong = ServerId::from("PRMR-nobody");
    let known = ServerId::from(cluster.db_server_ids().remove(0));
    let wrongly = plan(&cluster).skipping([known, wrong.clone()]);
    let stopped = run(wrongly, pace(), &cluster, &order, |_| Fate::Returns).finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::UnknownServer(server) if *server == wrong), "{stopped}");
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(executions(&cluster, "resignLeadership"), 0);
}
