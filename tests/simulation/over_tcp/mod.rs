//! Scenarios with hosts and packets, over turmoil's TCP, whose clock goes in steps of 5 ms.
//!
//! How turmoil behaves: a connect to a held host hangs until it is released; a connect to a partitioned host is refused
//! at once. A packet lost in a partition is lost for good, a held packet arrives.

mod harness;

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass::{NonIdempotent, Safe};
use arango::{Client, ErrorKind, Limits, Outcome};
use tokio::time::{Instant, sleep, timeout};

use self::harness::{ScenarioResult, TICK, client_builder, host_name, simulate};
use crate::sim::test_operations::Insert;

fn insert(marker: &str, class: arango::protocol::RequestClass) -> Insert {
    Insert { marker: marker.to_owned(), class, padding: 0 }
}

/// Opens a connection to each coordinator, so that each has one to break. The next call goes to the first one again.
async fn open_connections(client: &Client) -> ScenarioResult {
    for _ in client.coordinators() {
        client.db("_system").version().await?;
    }
    Ok(())
}

#[test]
fn t04_an_unresponsive_host_costs_one_connect_timeout() {
    simulate(async |cluster, _| {
        let client =
            client_builder(&cluster).limits(Limits::default().connect(Duration::from_secs(1))).build()?;
        turmoil::hold("client", host_name(0));
        let began = Instant::now();
        client.db("_system").execute(insert("m", NonIdempotent)).await?;
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1100), "{took:?}");
        assert_eq!(cluster.journal().executions("m"), 1);

        // The held connection arrives: it is empty, and no longer needed.
        turmoil::release("client", host_name(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().received("m"), 1);
        assert_eq!(client.coordinators()[0].open_connections, 0);
        Ok(())
    });
}

#[test]
fn t12_a_delayed_write_is_executed_once_when_it_arrives() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(10));
        let client = client_builder(&cluster).limits(limits).build()?;
        open_connections(&client).await?;
        turmoil::hold("client", host_name(0));
        let began = Instant::now();
        let error = client.db("_system").execute(insert("m", NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        assert!(began.elapsed() <= Duration::from_secs(2) + TICK, "{:?}", began.elapsed());
        assert_eq!(cluster.journal().executions("m"), 0, "the request is still in transit");

        // "Unknown" was correct: the request is executed now, long after the call has failed.
        turmoil::release("client", host_name(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().executions("m"), 1);
        Ok(())
    });
}

#[test]
fn t12_a_delayed_read_fails_over_and_both_copies_may_arrive() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(30));
        let client = client_builder(&cluster).limits(limits).build()?;
        open_connections(&client).await?;
        turmoil::hold("client", host_name(0));
        client.db("_system").execute(insert("m", Safe)).await?;
        turmoil::release("client", host_name(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().executions("m"), 2);
        assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
        Ok(())
    });
}

#[test]
fn a_partition_during_a_request_loses_the_response_and_its_repair_recovers_the_coordinator() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(10));
        let client = client_builder(&cluster).limits(limits).build()?;
        open_connections(&client).await?;
        let slow = arango_test_cluster::Fault::latency(Duration::from_millis(500));
        let slow = cluster.coordinator(0).inject(slow.times(1));
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.db("_system").execute(insert("m", NonIdempotent)).await }
        });
        while slow.hits() == 0 {
            sleep(TICK).await;
        }
        turmoil::partition("client", host_name(0));
        let error = call.await?.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        assert_eq!(cluster.journal().executions("m"), 1, "only the response was lost");

        // During the partition writes use other coordinators: a refused connection proves that nothing was sent.
        for number in 0..12 {
            client.db("_system").execute(insert(&format!("n{number}"), NonIdempotent)).await?;
        }
        assert_eq!(client.coordinators()[0].state, MemberState::Ejected);

        turmoil::repair("client", host_name(0));
        wait_until_healthy(&client).await
    });
}

#[test]
fn a_crashed_host_loses_the_request_and_is_used_again_after_a_restart() {
    simulate(async |cluster, host_control| {
        let client = client_builder(&cluster).build()?;
        open_connections(&client).await?;
        let slow = arango_test_cluster::Fault::latency(Duration::from_secs(1));
        let slow = cluster.coordinator(0).inject(slow.times(1));
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.db("_system").execute(insert("m", NonIdempotent)).await }
        });
        while slow.hits() == 0 {
            sleep(TICK).await;
        }
        // The process dies with its host, so the pending request is never executed.
        cluster.coordinator(0).kill();
        host_control.crash(0);
        let error = call.await?.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
        sleep(Duration::from_secs(2)).await;
        assert_eq!(cluster.journal().executions("m"), 0);

        for number in 0..12 {
            client.db("_system").execute(insert(&format!("n{number}"), Safe)).await?;
        }
        cluster.coordinator(0).restart().await?;
        host_control.bounce(0);
        wait_until_healthy(&client).await
    });
}

/// Sends requests until all coordinators are healthy, for a minute at most.
async fn wait_until_healthy(client: &Client) -> ScenarioResult {
    let healthy = async {
        while client.coordinators().iter().any(|state| state.state != MemberState::Healthy) {
            client.db("_system").version().await?;
            sleep(Duration::from_millis(250)).await;
        }
        Ok(())
    };
    timeout(Duration::from_secs(60), healthy).await?
}
