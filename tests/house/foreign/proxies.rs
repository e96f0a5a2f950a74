//! Proxies in front of real coordinators, which answer for some paths themselves.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use http::Request;
use http_body_util::Full;
use tokio::time::sleep;

use crate::support::{client, cluster, insert};

/// A path that a gateway keeps to itself at every coordinator.
fn blocked(path: &str) -> Fault {
    Fault::answer_raw(403, "text/html", "<html>blocked by policy</html>").on(Match::path(path))
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_blocks_one_path_has_no_coordinator_ejected() {
    for path in ["/_admin/cluster/health", "/_admin/*", "/_admin/server/availability"] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _blocked: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(blocked(path))).collect();
        for _ in 0..100 {
            if path != "/_admin/server/availability" {
                let error = client.cluster().health().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotArangoDb, "{}", error.report());
            }
            client.db("_system").version().await.unwrap();
            sleep(Duration::from_millis(100)).await;
            let states = client.coordinators();
            assert!(states.iter().all(|state| state.standing == MemberState::Healthy), "{path}: {states:?}");
            assert!(states.iter().all(|state| state.not_arangodb.is_none()), "{path}: {states:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_doubt_costs_a_real_coordinator_one_probe_in_five_seconds() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _blocked: Vec<_> =
        cluster.coordinators().iter().map(|one| one.inject(blocked("/_admin/cluster/health"))).collect();
    let probed = cluster
        .coordinator(0)
        .inject(Fault::latency(Duration::ZERO).on(Match::path("/_admin/server/availability")));
    for _ in 0..100 {
        client.cluster().health().await.unwrap_err();
        sleep(Duration::from_millis(100)).await;
    }
    assert!((1..=3).contains(&probed.hits()), "{} probes in ten seconds", probed.hits());
}

#[tokio::test(start_paused = true)]
async fn raw_requests_may_be_answered_with_anything() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let page =
        Fault::answer_raw(200, "text/html", "<html>a service of the user's</html>").on(Match::path("/shop"));
    let _page: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(page.clone())).collect();
    for _ in 0..30 {
        let request = Request::get("/shop").body(Full::default()).unwrap();
        let call = arango::transport::Call::named("shop").class(RequestClass::Safe);
        assert_eq!(client.transport().send(request, call).await.unwrap().status(), 200);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_of_unknown_fate_is_not_made_better_by_a_coordinator_that_lacks_the_call() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let page =
        Fault::answer_raw(404, "text/html", "<html>404</html>").on(Match::put("/_admin/cluster/uniqId"));
    let pages: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(page.clone())).collect();
    // 3.12.5 lacks it, which says nothing of the page.
    let error =
        client.db("_system").execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{}", error.report());
    // One that ArangoDB itself refuses is known not to be executed.
    drop(pages);
    let error =
        client.db("_system").execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_never_sent_again_for_a_header_that_speaks_of_another_refusal() {
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
            0 => Fault::answer_raw(status, "text/plain", ""),
            _ => Fault::answer(status, number, "as the test demands"),
        };
        let fault = fault.header("x-arango-endpoint", leader).on(Match::post("/_api/document/*")).times(1);
        let _fault = cluster.coordinator(0).inject(fault);
        let result = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
        // Starting up is a refusal of its own that sends any request to another.
        let sent_again = (status, number) == (503, 503);
        assert_eq!(result.is_ok(), sent_again, "{status}/{number}");
        assert_eq!(cluster.journal().executions("m"), usize::from(sent_again), "{status}/{number}");
    }
}
