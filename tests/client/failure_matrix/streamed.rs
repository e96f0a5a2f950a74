//! S1–S6: how a response that is read while it arrives ends. The call and its attempt are recorded then, once.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::{Operation, RequestClass, RequestProperties};
use arango::transport::Call;
use arango::{CallCounts, Client, Database, ErrorKind, Http2, Outcome, PoolLimits};
use arango_test_cluster::{Fault, Phase, ResetReason, TestCluster};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::time::sleep;

use super::on_writes;
use crate::not_arangodb::respond_as_other_service;
use crate::support::{Insert, builder, cluster, cluster_of, insert};

for_each_class![
    s1_a_body_that_is_read_to_its_end_is_one_success,
    s1_a_head_that_names_arangodb_ends_the_half_open_state,
    s2_a_body_that_breaks_off_is_one_failure_of_its_call_and_its_coordinator,
    s2_a_body_that_makes_no_progress_is_one_failure_of_its_call_and_its_coordinator,
    s2_a_lost_connection_counts_once_for_all_its_bodies,
    s2_each_body_that_is_reset_alone_counts,
    s3_a_body_over_a_limit_of_the_caller_is_one_failure_of_its_call_only,
    s4_a_line_that_cannot_be_decoded_is_one_failure_of_its_call_only,
    s5_a_success_of_another_service_has_its_coordinator_probed,
    s5_arangodb_without_product_headers_stays_healthy,
    s6_a_body_that_is_dropped_before_its_end_is_not_counted,
];

/// The two ways to read a response while it arrives.
const APIS: [Api; 2] = [Api::ResponseStream, Api::Transport];

#[derive(Debug, Clone, Copy)]
enum Api {
    ResponseStream,
    Transport,
}

/// A client with one connection to each coordinator: a permit that is not released stops it.
fn client(cluster: &TestCluster) -> Client {
    builder(cluster).pool(PoolLimits::default().connections(1)).build().unwrap()
}

/// Returns a database of which all calls go to the first coordinator.
fn first(client: &Client) -> Database {
    client.coordinator(&client.coordinators()[0].address).db("_system")
}

/// Reads a streamed insert at the first coordinator to its end; returns whether it ended without an error.
async fn read(client: &Client, api: Api, operation: Insert) -> bool {
    match api {
        Api::ResponseStream => {
            let mut body = first(client).execute_streaming(operation).await.unwrap();
            loop {
                match body.try_next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return true,
                    Err(_) => return false,
                }
            }
        }
        Api::Transport => {
            let call = Call::new(&Insert::METADATA, RequestProperties::with_class(operation.class))
                .streaming()
                .pinned_to(client.coordinators()[0].address.clone());
            let request = operation.request().unwrap().map(Full::new);
            let response = client.transport().send(request, call).await.unwrap();
            response.into_body().collect().await.is_ok()
        }
    }
}

fn calls(succeeded: u64, failed_unknown: u64, failed_executed: u64) -> CallCounts {
    let mut counts = CallCounts::default();
    (counts.succeeded, counts.failed_unknown, counts.failed_executed) =
        (succeeded, failed_unknown, failed_executed);
    counts
}

fn state(client: &Client) -> MemberState {
    client.coordinators()[0].state
}

/// Fails twice so that the coordinator counts as unreachable, and once more after `between`; returns its state.
async fn state_after_failures(
    cluster: &TestCluster,
    class: RequestClass,
    between: impl AsyncFnOnce(&Client),
) -> MemberState {
    let client = client(cluster);
    let fail = async || {
        let _fault = cluster.coordinator(0).inject(on_writes(Fault::garbage()));
        first(&client).execute(insert("garbage", class)).await.unwrap_err();
    };
    fail().await;
    fail().await;
    between(&client).await;
    fail().await;
    state(&client)
}

async fn s1_a_body_that_is_read_to_its_end_is_one_success(class: RequestClass) {
    for api in APIS {
        let cluster = cluster().await;
        let client = client(&cluster);
        let slow = cluster.coordinator(0).inject(on_writes(Fault::slow_body(5, Duration::from_secs(1))));
        let accepted = cluster.coordinator(0).connections_accepted();
        for count in 1..=3 {
            assert!(read(&client, api, insert("m", class)).await);
            assert_eq!(client.state().calls, calls(count, 0, 0), "{api:?}");
        }
        drop(slow);
        let opened = cluster.coordinator(0).connections_accepted() - accepted;
        assert_eq!((cluster.journal().executions("m"), opened), (3, 1), "{api:?}");
        let after = state_after_failures(&cluster, class, async |client| {
            assert!(read(client, api, insert("m", class)).await);
        });
        assert_eq!(after.await, MemberState::Healthy, "{api:?}: a success ends the row of failures");
    }
}

/// Has the first coordinator ejected, and found again by a probe.
async fn become_half_open(cluster: &TestCluster, client: &Client, class: RequestClass) {
    cluster.coordinator(0).kill();
    for _ in 0..3 {
        first(client).execute(insert("lost", class)).await.unwrap_err();
    }
    cluster.coordinator(0).restart().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    client.db("_system").version().await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(state(client), MemberState::HalfOpen);
}

async fn s1_a_head_that_names_arangodb_ends_the_half_open_state(class: RequestClass) {
    for (is_named, after) in [(true, MemberState::Healthy), (false, MemberState::HalfOpen)] {
        let cluster =
            crate::support::cluster_with(
                |cluster| {
                    if is_named { cluster } else { cluster.hide_product_headers() }
                },
            );
        let cluster = cluster.await;
        let client = client(&cluster);
        become_half_open(&cluster, &client, class).await;
        let _slow = cluster.coordinator(0).inject(on_writes(Fault::slow_body(5, Duration::from_secs(1))));
        let mut body = first(&client).execute_streaming(insert("m", class)).await.unwrap();
        assert_eq!(state(&client), after, "with the head");
        assert_eq!(body.try_next().await.unwrap().unwrap().len(), 5);
        drop(body);
        assert_eq!(state(&client), after, "a body that is dropped shows nothing");
        assert_eq!(client.state().calls.succeeded, 1, "only that of the version");
    }
}

async fn assert_failures_eject(class: RequestClass, fault: Fault) {
    for api in APIS {
        let cluster = cluster().await;
        let client = client(&cluster);
        let guard = cluster.coordinator(0).inject(on_writes(fault.clone()));
        for count in 1..=3 {
            assert_eq!(state(&client), MemberState::Healthy, "{api:?}");
            assert!(!read(&client, api, insert("m", class)).await);
            assert_eq!(client.state().calls, calls(0, 0, count), "{api:?}");
        }
        assert_eq!(state(&client), MemberState::Ejected, "{api:?}: three failures in a row");
        assert_eq!((guard.hits(), cluster.journal().executions("m")), (3, 3), "{api:?}: never sent again");
        sleep(Duration::from_millis(1)).await;
        assert_eq!(client.coordinators()[0].open_connections, 0, "{api:?}");
    }
}

async fn s2_a_body_that_breaks_off_is_one_failure_of_its_call_and_its_coordinator(class: RequestClass) {
    assert_failures_eject(class, Fault::truncate(5)).await;
}

async fn s2_a_body_that_makes_no_progress_is_one_failure_of_its_call_and_its_coordinator(
    class: RequestClass,
) {
    assert_failures_eject(class, Fault::stall(5)).await;
}

async fn s2_a_lost_connection_counts_once_for_all_its_bodies(class: RequestClass) {
    let cluster = cluster_of(2).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    first(&client).execute(insert("warm", RequestClass::Safe)).await.unwrap();
    let _stalled = cluster.coordinator(0).inject(on_writes(Fault::stall(5)));
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let mut body = first(&client).execute_streaming(insert("m", class)).await.unwrap();
        assert_eq!(body.try_next().await.unwrap().unwrap().len(), 5);
        bodies.push(body);
    }
    assert_eq!(client.coordinators()[0].open_connections, 1);
    cluster.coordinator(0).kill();
    for body in &mut bodies {
        let error = body.try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    }
    assert_eq!(client.state().calls, calls(1, 0, 3), "each call has failed");
    // Two more failures are the second and the third in a row.
    for after in [MemberState::Healthy, MemberState::Ejected] {
        assert_eq!(state(&client), MemberState::Healthy);
        first(&client).execute(insert("refused", class)).await.unwrap_err();
        assert_eq!(state(&client), after);
    }
}

async fn s2_each_body_that_is_reset_alone_counts(class: RequestClass) {
    let cluster = cluster_of(2).await;
    let client = builder(&cluster).http2(Http2::PriorKnowledge).build().unwrap();
    let reset = Fault::reset_stream(Phase::InBody, ResetReason::INTERNAL_ERROR);
    let _reset = cluster.coordinator(0).inject(on_writes(reset));
    for after in [MemberState::Healthy, MemberState::Healthy, MemberState::Ejected] {
        assert!(!read(&client, Api::ResponseStream, insert("m", class)).await);
        assert_eq!((state(&client), client.coordinators()[0].open_connections), (after, 1));
    }
}

async fn s3_a_body_over_a_limit_of_the_caller_is_one_failure_of_its_call_only(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let exceed = async |client: &Client| {
        let _slow = cluster.coordinator(0).inject(on_writes(Fault::slow_body(5, Duration::from_secs(1))));
        let body = first(client).execute_streaming(insert("m", class)).await.unwrap();
        let error = body.max_bytes(7).lines().try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        let body = first(client).execute_streaming(insert("m", class)).await.unwrap();
        let error = body.timeout(Duration::from_millis(1500)).lines().try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::Executed));
    };
    exceed(&client).await;
    assert_eq!((client.state().calls, cluster.journal().executions("m")), (calls(0, 0, 2), 2));
    exceed(&client).await;
    assert_eq!((client.state().calls, state(&client)), (calls(0, 0, 4), MemberState::Healthy));
    assert_eq!(
        state_after_failures(&cluster, class, exceed).await,
        MemberState::Ejected,
        "no success either"
    );
}

async fn s4_a_line_that_cannot_be_decoded_is_one_failure_of_its_call_only(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let reject = async |client: &Client| {
        let body = first(client).execute_streaming(insert("m", class)).await.unwrap();
        let error = body.json_lines::<u8>().try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown));
    };
    reject(&client).await;
    assert_eq!((client.state().calls, cluster.journal().executions("m")), (calls(0, 1, 0), 1));
    let after = state_after_failures(&cluster, class, reject).await;
    assert_eq!(after, MemberState::Healthy, "ArangoDB has responded");
    // The last line ends with the body, which was read to its end by then.
    let body = first(&client).execute_streaming(insert("m", class)).await.unwrap();
    let mut lines = body.json_lines::<Value>();
    assert!(lines.try_next().await.unwrap().is_some());
    assert!(lines.try_next().await.unwrap().is_none());
    assert!(lines.try_next().await.unwrap().is_none());
    assert_eq!(client.state().calls, calls(1, 1, 0));
}

async fn s5_a_success_of_another_service_has_its_coordinator_probed(class: RequestClass) {
    for api in APIS {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other =
            respond_as_other_service(cluster.coordinator(0), 200, "text/html", "<html>It works!</html>");
        assert!(read(&client, api, insert("m", class)).await, "the status alone shows a success");
        // The next request starts the probe. It goes elsewhere, so that only the stream raises suspicion.
        client.coordinator(&client.coordinators()[1].address).version().await.unwrap();
        sleep(Duration::from_millis(1)).await;
        let first = client.coordinators().remove(0);
        assert_eq!(first.state, MemberState::Ejected, "{api:?}");
        assert_eq!(first.not_arangodb.as_deref(), Some("status 200 text/html from nginx/1.25.3"));
        assert_eq!(other.hits(), 3, "the call, and the two requests of a probe");
        assert_eq!(cluster.journal().executions("m"), 0);
    }
}

async fn s5_arangodb_without_product_headers_stays_healthy(class: RequestClass) {
    for api in APIS {
        let cluster = crate::support::cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
        let client = client(&cluster);
        for count in 1..=20 {
            assert!(read(&client, api, insert("m", class)).await);
            sleep(Duration::from_secs(1)).await;
            assert_eq!((state(&client), client.state().calls.succeeded), (MemberState::Healthy, count));
        }
        assert_eq!(cluster.journal().executions("m"), 20);
        // A probe lets it return, and a streamed response ends its half-open state.
        become_half_open(&cluster, &client, class).await;
        assert!(read(&client, api, insert("m", class)).await);
        assert_eq!(state(&client), MemberState::Healthy);
    }
}

async fn s6_a_body_that_is_dropped_before_its_end_is_not_counted(class: RequestClass) {
    let cluster = cluster().await;
    let client = client(&cluster);
    let drop_half = async |client: &Client| {
        let _slow = cluster.coordinator(0).inject(on_writes(Fault::slow_body(5, Duration::from_secs(1))));
        let mut body = first(client).execute_streaming(insert("m", class)).await.unwrap();
        assert_eq!(body.try_next().await.unwrap().unwrap().len(), 5);
        drop(body);
    };
    for _ in 0..4 {
        drop_half(&client).await;
    }
    assert_eq!((client.state().calls, state(&client)), (CallCounts::default(), MemberState::Healthy));
    assert_eq!(cluster.journal().executions("m"), 4);
    let after = state_after_failures(&cluster, class, drop_half).await;
    assert_eq!(after, MemberState::Ejected, "it is no success");
    // What has arrived as a whole is a success, whether or not the caller asks for more.
    let other = builder(&cluster).build().unwrap();
    let second = other.coordinator(&other.coordinators()[1].address).db("_system");
    let mut body = second.execute_streaming(insert("m", class)).await.unwrap();
    while serde_json::from_slice::<Value>(&body.try_next().await.unwrap().unwrap()).is_err() {}
    drop(body);
    assert_eq!(other.state().calls, calls(1, 0, 0));
}
