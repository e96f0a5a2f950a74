//! Scenarios in which hosts and packets matter: over the TCP of turmoil, whose clock goes in steps of 5 ms.
//!
//! What turmoil does where: connecting to a held host hangs until it is released, connecting to a partitioned one is refused
//! at once; a packet lost in a partition is lost for good, one that was held arrives.

mod world;

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass::{NonIdempotent, Safe};
use arango::{Client, ErrorKind, Limits, Outcome};
use tokio::time::{Instant, sleep, timeout};

use self::world::{Ending, TICK, client, name_of, simulate};
use crate::sim::books::Insert;

fn insert(marker: &str, class: arango::protocol::RequestClass) -> Insert {
    Insert { marker: marker.to_owned(), class, padding: 0 }
}

/// Opens a connection to each coordinator, so that each has one to be broken; the next call is for the first again.
async fn warm(client: &Client) -> Ending {
    for _ in client.coordinators() {
        client.db("_system").version().await?;
    }
    Ok(())
}

#[test]
fn t04_a_host_that_answers_no_connection_attempt_costs_one_connect_timeout() {
    simulate(async |cluster, _| {
        let client = client(&cluster).limits(Limits::default().connect(Duration::from_secs(1))).build()?;
        turmoil::hold("client", name_of(0));
        let began = Instant::now();
        client.db("_system").execute(insert("m", NonIdempotent)).await?;
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1100), "{took:?}");
        assert_eq!(cluster.journal().executions("m"), 1);

        // What was held arrives: an empty connection, which nobody wants any more.
        turmoil::release("client", name_of(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().received("m"), 1);
        assert_eq!(client.coordinators()[0].open_connections, 0);
        Ok(())
    });
}

#[test]
fn t12_a_write_that_is_held_on_its_way_is_executed_once_when_it_arrives_at_last() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(10));
        let client = client(&cluster).limits(limits).build()?;
        warm(&client).await?;
        turmoil::hold("client", name_of(0));
        let began = Instant::now();
        let error = client.db("_system").execute(insert("m", NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        assert!(began.elapsed() <= Duration::from_secs(2) + TICK, "{:?}", began.elapsed());
        assert_eq!(cluster.journal().executions("m"), 0, "it is still on its way");

        // "Unknown" was the truth: now it is executed, long after the client has gone.
        turmoil::release("client", name_of(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().executions("m"), 1);
        Ok(())
    });
}

#[test]
fn t12_a_read_that_is_held_goes_to_the_next_and_both_copies_may_arrive() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(30));
        let client = client(&cluster).limits(limits).build()?;
        warm(&client).await?;
        turmoil::hold("client", name_of(0));
        client.db("_system").execute(insert("m", Safe)).await?;
        turmoil::release("client", name_of(0));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(cluster.journal().executions("m"), 2);
        assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
        Ok(())
    });
}

#[test]
fn a_partition_in_mid_request_loses_the_answer_and_its_repair_brings_the_coordinator_back() {
    simulate(async |cluster, _| {
        let limits = Limits::default().attempt(Duration::from_secs(2)).total(Duration::from_secs(10));
        let client = client(&cluster).limits(limits).build()?;
        warm(&client).await?;
        let slow = arango_test_cluster::Fault::latency(Duration::from_millis(500));
        let slow = cluster.coordinator(0).inject(slow.times(1));
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.db("_system").execute(insert("m", NonIdempotent)).await }
        });
        while slow.hits() == 0 {
            sleep(TICK).await;
        }
        turmoil::partition("client", name_of(0));
        let error = call.await?.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::AttemptTimeout, Outcome::Unknown));
        assert_eq!(cluster.journal().executions("m"), 1, "the answer is what was lost");

        // While it lasts writes go elsewhere, since a refused connection proves that nothing was sent.
        for number in 0..12 {
            client.db("_system").execute(insert(&format!("n{number}"), NonIdempotent)).await?;
        }
        assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);

        turmoil::repair("client", name_of(0));
        all_well(&client).await
    });
}

#[test]
fn a_host_that_crashes_takes_the_request_with_it_and_one_that_comes_back_is_asked_again() {
    simulate(async |cluster, power| {
        let client = client(&cluster).build()?;
        warm(&client).await?;
        let slow = arango_test_cluster::Fault::latency(Duration::from_secs(1));
        let slow = cluster.coordinator(0).inject(slow.times(1));
        let call = tokio::spawn({
            let client = client.clone();
            async move { client.db("_system").execute(insert("m", NonIdempotent)).await }
        });
        while slow.hits() == 0 {
            sleep(TICK).await;
        }
        // The process dies with its host: what it had not executed yet never will be.
        cluster.coordinator(0).kill();
        power.crash(0);
        let error = call.await?.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
        sleep(Duration::from_secs(2)).await;
        assert_eq!(cluster.journal().executions("m"), 0);

        for number in 0..12 {
            client.db("_system").execute(insert(&format!("n{number}"), Safe)).await?;
        }
        cluster.coordinator(0).restart().await?;
        power.bounce(0);
        all_well(&client).await
    });
}

/// Asks now and then until everybody stands well, for a minute at most.
async fn all_well(client: &Client) -> Ending {
    let well = async {
        while client.coordinators().iter().any(|state| state.standing != MemberState::Healthy) {
            client.db("_system").version().await?;
            sleep(Duration::from_millis(250)).await;
        }
        Ok(())
    };
    timeout(Duration::from_secs(60), well).await?
}
