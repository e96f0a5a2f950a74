//! Writes whose fate is unknown: never a second copy, and never a word too much about the first.

use arango::protocol::{ErrorNumber, RequestClass};
use arango::transport::StoppedBy;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};

use super::cursors::query;
use super::{HOW, WRITES, Write, everywhere, hits, readers};
use crate::support::{client, cluster, insert};

/// The documents in `books`, as the cluster itself counts them.
async fn books(client: &Client) -> usize {
    let all = client.db("_system").execute(query("FOR book IN books RETURN book")).await.unwrap();
    all.json_result::<Vec<serde_json::Value>>().unwrap().len()
}

/// Gives every coordinator a connection that has carried a request, which a loss may be blamed on.
async fn warm(client: &Client) {
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
}

/// One coordinator got it once, and it is there once.
async fn was_executed_once(cluster: &TestCluster, client: &Client) {
    assert_eq!(readers(cluster, "m").len(), 1, "one coordinator, once");
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(books(client).await, 1);
}

/// python-arango sends it to the next host, and tells of one success.
#[tokio::test(start_paused = true)]
async fn an_insert_whose_answer_is_lost_reaches_one_coordinator_once_and_its_fate_is_said_to_be_unknown() {
    for write in WRITES {
        for (phase, how) in
            [Phase::AfterExecution, Phase::InHead].iter().flat_map(|p| HOW.map(|how| (*p, how)))
        {
            for warmed in [false, true] {
                let cluster = cluster().await;
                let client = client(&cluster);
                if warmed {
                    warm(&client).await;
                }
                let faults =
                    Write::requests().map(|on| everywhere(&cluster, &Fault::close(phase).how(how), &on));
                let error = write.by(&client).await.unwrap_err();
                assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
                assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::ConnectionLost, 1));
                assert!(!error.was_not_executed());
                assert_eq!(hits(&faults[0]) + hits(&faults[1]), 1);
                drop(faults);
                was_executed_once(&cluster, &client).await;
            }
        }
    }
}

/// As before; here the status came, and so it is known that it was executed.
#[tokio::test(start_paused = true)]
async fn an_insert_whose_answer_breaks_off_reaches_one_coordinator_once_and_is_said_to_be_executed() {
    for write in WRITES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let faults = Write::requests().map(|on| everywhere(&cluster, &Fault::close(Phase::InBody), &on));
        let error = write.by(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
        assert!(error.status().unwrap().is_success());
        drop(faults);
        was_executed_once(&cluster, &client).await;
    }
}

/// The go driver repeats every 503, at the same endpoint and without a pause.
#[tokio::test(start_paused = true)]
async fn a_write_is_not_repeated_because_of_a_503_that_may_come_after_its_execution() {
    let proxy = Fault::answer_raw(503, "text/html", "<html>Unavailable</html>");
    for (fault, kind) in [
        (Fault::answer(503, 1465, "lost connection to a DB-Server"), ErrorKind::BackendConnectionLost),
        (Fault::answer(503, 1478, "a backend is not available"), ErrorKind::BackendUnavailable),
        (Fault::answer(503, 30, "shutdown in progress"), ErrorKind::ShuttingDown),
        (proxy, ErrorKind::Gateway),
    ] {
        for write in WRITES {
            let cluster = cluster().await;
            let client = client(&cluster);
            let faults =
                Write::requests().map(|on| everywhere(&cluster, &fault.clone().after_execution(), &on));
            let error = write.by(&client).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown), "{}", error.report());
            assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NotRetryable, 1));
            drop(faults);
            was_executed_once(&cluster, &client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_goes_on_after_a_503_that_is_said_at_the_door() {
    for number in [ErrorNumber::HTTP_SERVICE_UNAVAILABLE, ErrorNumber::QUEUE_FULL] {
        for write in WRITES {
            let cluster = cluster().await;
            let client = client(&cluster);
            let refusal = Fault::answer(503, number.0, "not now").on(Match::post("/_api/*")).times(1);
            let refusal = cluster.coordinator(0).inject(refusal);
            write.by(&client).await.unwrap();
            assert_eq!((refusal.hits(), cluster.journal().executions("m"), books(&client).await), (1, 1, 1));
        }
    }
}

/// What has no effect is repeated after the same 503, so that the promise above is not kept by never repeating.
#[tokio::test(start_paused = true)]
async fn a_read_goes_on_after_a_503_that_may_come_after_its_execution() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let lost =
        Fault::answer(503, 1465, "lost connection").on(Match::post("/_api/*")).times(1).after_execution();
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap();
    assert_eq!(readers(&cluster, "m").len(), 2);
}
