//! Writes with an unknown outcome are never sent twice, and their outcome is reported correctly.

use arango::StoppedBy;
use arango::protocol::{ErrorNumber, RequestClass};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase, TestCluster};

use super::cursors::query;
use super::{CLOSE_MODES, WRITES, Write, hits, inject_everywhere, readers};
use crate::support::{client, cluster, insert};

/// Returns the number of documents in `books`, as counted by the cluster.
async fn count_books(client: &Client) -> usize {
    let all = client.db("_system").execute(query("FOR book IN books RETURN book")).await.unwrap();
    all.json_result::<Vec<serde_json::Value>>().unwrap().len()
}

/// Opens a connection to every coordinator and uses it once. Its loss could then be attributed to reuse.
async fn warm_up_connections(client: &Client) {
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
}

/// Asserts that one coordinator read the write once and that the document exists once.
async fn assert_executed_once(cluster: &TestCluster, client: &Client) {
    assert_eq!(readers(cluster, "m").len(), 1, "one coordinator, once");
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(count_books(client).await, 1);
}

/// python-arango sends the write to the next host and reports one success.
#[tokio::test(start_paused = true)]
async fn an_insert_with_a_lost_response_is_sent_once_and_unknown() {
    for write in WRITES {
        for (phase, close_mode) in [Phase::AfterExecution, Phase::InHead]
            .iter()
            .flat_map(|p| CLOSE_MODES.map(|close_mode| (*p, close_mode)))
        {
            for uses_warm_connection in [false, true] {
                let cluster = cluster().await;
                let client = client(&cluster);
                if uses_warm_connection {
                    warm_up_connections(&client).await;
                }
                let faults = Write::requests()
                    .map(|on| inject_everywhere(&cluster, &Fault::close(phase).close_mode(close_mode), &on));
                let error = write.execute_with(&client).await.unwrap_err();
                assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
                assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::ConnectionLost, 1));
                assert!(!error.was_not_executed());
                assert_eq!(hits(&faults[0]) + hits(&faults[1]), 1);
                drop(faults);
                assert_executed_once(&cluster, &client).await;
            }
        }
    }
}

/// The same as above, but the status has arrived, so the execution is known.
#[tokio::test(start_paused = true)]
async fn an_insert_with_a_truncated_response_is_sent_once_and_executed() {
    for write in WRITES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let faults =
            Write::requests().map(|on| inject_everywhere(&cluster, &Fault::close(Phase::InBody), &on));
        let error = write.execute_with(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
        assert!(error.status().unwrap().is_success());
        drop(faults);
        assert_executed_once(&cluster, &client).await;
    }
}

/// The Go driver retries after every 503, at the same endpoint and without backoff.
#[tokio::test(start_paused = true)]
async fn a_write_is_not_retried_after_an_ambiguous_503() {
    let proxy = Fault::raw_response(503, "text/html", "<html>Unavailable</html>");
    for (fault, kind) in [
        (Fault::response(503, 1465, "lost connection to a DB-Server"), ErrorKind::BackendConnectionLost),
        (Fault::response(503, 1478, "a backend is not available"), ErrorKind::BackendUnavailable),
        (Fault::response(503, 30, "shutdown in progress"), ErrorKind::ShuttingDown),
        (proxy, ErrorKind::Gateway),
    ] {
        for write in WRITES {
            let cluster = cluster().await;
            let client = client(&cluster);
            let faults = Write::requests()
                .map(|on| inject_everywhere(&cluster, &fault.clone().after_execution(), &on));
            let error = write.execute_with(&client).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown), "{}", error.report());
            assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::NotRetryable, 1));
            drop(faults);
            assert_executed_once(&cluster, &client).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_retried_after_a_503_sent_before_execution() {
    for number in [ErrorNumber::HTTP_SERVICE_UNAVAILABLE, ErrorNumber::QUEUE_FULL] {
        for write in WRITES {
            let cluster = cluster().await;
            let client = client(&cluster);
            let refusal = Fault::response(503, number.0, "not now").on(Match::post("/_api/*")).times(1);
            let refusal = cluster.coordinator(0).inject(refusal);
            write.execute_with(&client).await.unwrap();
            assert_eq!(
                (refusal.hits(), cluster.journal().executions("m"), count_books(&client).await),
                (1, 1, 1)
            );
        }
    }
}

/// A safe request is retried after the same 503. This shows that the test above does not pass by never retrying.
#[tokio::test(start_paused = true)]
async fn a_read_is_retried_after_an_ambiguous_503() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let lost =
        Fault::response(503, 1465, "lost connection").on(Match::post("/_api/*")).times(1).after_execution();
    let _lost = cluster.coordinator(0).inject(lost);
    client.db("_system").execute(insert("m", RequestClass::Safe)).await.unwrap();
    assert_eq!(readers(&cluster, "m").len(), 2);
}
