//! Proxies in front of coordinators that respond to some paths themselves.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::time::sleep;

use crate::not_arangodb::respond_as_other_service;
use crate::support::{client, cluster, cluster_with, insert};

/// Returns the response of a gateway that blocks a path.
fn block_path(path: &str) -> Fault {
    Fault::raw_response(403, "text/html", "<html>blocked by policy</html>").on(Match::path(path))
}

#[tokio::test(start_paused = true)]
async fn a_gateway_blocking_one_path_ejects_no_coordinator() {
    for path in ["/_admin/cluster/health", "/_admin/*", "/_admin/server/availability"] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _blocked = cluster.inject(&block_path(path));
        for _ in 0..100 {
            if path != "/_admin/server/availability" {
                let error = client.cluster().health().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotArangoDb, "{}", error.report());
            }
            client.db("_system").version().await.unwrap();
            sleep(Duration::from_millis(100)).await;
            let states = client.coordinators();
            assert!(states.iter().all(|state| state.state == MemberState::Healthy), "{path}: {states:?}");
            assert!(states.iter().all(|state| state.not_arangodb.is_none()), "{path}: {states:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_returns_behind_a_gateway_that_refuses_probes() {
    for status in [401, 403, 407] {
        let cluster = cluster().await;
        let client = client(&cluster);
        // Probes pass no middleware, which would add the header that the gateway requires.
        let _probes = ["/_admin/server/availability", "/_api/version"].map(|path| {
            cluster.inject(
                &Fault::raw_response(status, "text/html", "<html>no key</html>").on(Match::path(path)),
            )
        });
        let database = client.db("_system");
        let send = || database.execute(insert("m", RequestClass::Safe));
        cluster.coordinator(0).kill();
        for _ in 0..30 {
            send().await.unwrap();
        }
        assert_eq!(client.coordinators().remove(0).state, MemberState::Ejected);
        cluster.coordinator(0).restart().await.unwrap();
        for _ in 0..400 {
            sleep(Duration::from_millis(100)).await;
            send().await.unwrap();
        }
        let state = client.coordinators().remove(0);
        assert_eq!((state.state, state.not_arangodb), (MemberState::Healthy, None), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_suspected_coordinator_is_probed_once_in_five_seconds() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _blocked = cluster.inject(&block_path("/_admin/cluster/health"));
    let probe_guard = cluster
        .coordinator(0)
        .inject(Fault::latency(Duration::ZERO).on(Match::path("/_admin/server/availability")));
    for _ in 0..100 {
        client.cluster().health().await.unwrap_err();
        sleep(Duration::from_millis(100)).await;
    }
    assert!((1..=3).contains(&probe_guard.hits()), "{} probes in ten seconds", probe_guard.hits());
}

#[tokio::test(start_paused = true)]
async fn raw_requests_accept_any_response() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let page = Fault::raw_response(200, "text/html", "<html>a Foxx service</html>").on(Match::path("/shop"));
    let _page = cluster.inject(&page);
    for _ in 0..30 {
        let request = Request::get("/shop").body(Full::default()).unwrap();
        let call = arango::transport::Call::with_name("shop").class(RequestClass::Safe);
        assert_eq!(client.transport().send(request, call).await.unwrap().status(), 200);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_answers_requests_of_the_transport_is_found_out_by_a_probe() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let other = respond_as_other_service(cluster.coordinator(0), 200, "text/html", "<html>It works!</html>");
    let first = client.coordinators().remove(0).address;
    let request = Request::get("/_api/version").body(Full::default()).unwrap();
    let call = arango::transport::Call::with_name("version").class(RequestClass::Safe).pinned_to(first);
    assert_eq!(client.transport().send(request, call).await.unwrap().status(), 200, "any body is accepted");
    // The next request starts the probe. It goes elsewhere, so that only the page raises suspicion.
    client.coordinator(&client.coordinators()[1].address).version().await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(client.coordinators().remove(0).state, MemberState::Ejected);
    assert_eq!(other.hits(), 3, "the call, and the two requests of a probe");
}

#[tokio::test(start_paused = true)]
async fn requests_of_the_transport_reset_consecutive_failures_behind_a_proxy_that_hides_arangodb() {
    for is_streamed in [false, true] {
        let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
        let client = client(&cluster);
        let first = client.coordinators().remove(0).address;
        let send = async || {
            let request = Request::get("/_api/version").body(Full::default()).unwrap();
            let call = arango::transport::Call::with_name("version").class(RequestClass::NonIdempotent);
            let call = if is_streamed { call.streaming() } else { call };
            let response = client.transport().send(request, call.pinned_to(first.clone())).await?;
            response.into_body().collect().await.unwrap();
            Ok::<_, arango::Error>(())
        };
        for _ in 0..10 {
            let garbage = Fault::garbage().on(Match::get("/_api/version")).times(2);
            let _garbage = cluster.coordinator(0).inject(garbage);
            for _ in 0..2 {
                send().await.unwrap_err();
            }
            send().await.unwrap();
        }
        assert_eq!(client.coordinators().remove(0).state, MemberState::Healthy);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_survives_an_unsupporting_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let page =
        Fault::raw_response(404, "text/html", "<html>404</html>").on(Match::put("/_admin/cluster/uniqId"));
    let pages = cluster.inject(&page);
    // Version 3.12.5 does not support the operation, but that does not explain the page.
    let error =
        client.db("_system").execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{}", error.report());
    // An operation that ArangoDB itself rejects was not executed.
    drop(pages);
    let error =
        client.db("_system").execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_not_retried_because_of_an_unrelated_header() {
    let refusals = [
        (303, 0),
        (307, 0),
        (403, 11),
        (404, 1203),
        (409, 1200),
        (412, 1200),
        (401, 11),
        (503, 1478),
        (503, 503),
    ];
    for (status, number) in refusals {
        let cluster = cluster().await;
        let client = client(&cluster);
        let leader = cluster.coordinator(1).url();
        let fault = match number {
            0 => Fault::raw_response(status, "text/plain", ""),
            _ => Fault::response(status, number, "as the test demands"),
        };
        let fault = fault.header("x-arango-endpoint", leader).on(Match::post("/_api/document/*")).times(1);
        let _fault = cluster.coordinator(0).inject(fault);
        let result = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
        // A starting coordinator makes any request fail over.
        let is_retried = (status, number) == (503, 503);
        assert_eq!(result.is_ok(), is_retried, "{status}/{number}");
        assert_eq!(cluster.journal().executions("m"), usize::from(is_retried), "{status}/{number}");
    }
}
