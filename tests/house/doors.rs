//! Layers of the user's own, and what they cannot break.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::Standing;
use arango::protocol::RequestClass;
use arango::transport::BoxError;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::util::MapRequestLayer;
use tower::{ServiceBuilder, service_fn};

use crate::support::{CLASSES, builder, cluster, insert};

#[tokio::test(start_paused = true)]
async fn a_layer_around_calls_sees_each_call_once_and_one_around_attempts_each_attempt() {
    let cluster = cluster().await;
    let (calls, attempts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = |counter: &Arc<AtomicUsize>| {
        let counter = Arc::clone(counter);
        MapRequestLayer::new(move |request: Request<Full<Bytes>>| {
            counter.fetch_add(1, Ordering::Relaxed);
            request
        })
    };
    let client = builder(&cluster).layer(count(&calls)).attempt_layer(count(&attempts)).build().unwrap();
    cluster.coordinator(0).kill();
    client.db("_system").version().await.unwrap();
    assert_eq!((calls.load(Ordering::Relaxed), attempts.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_layers_own_error_says_what_is_known_of_the_request_and_counts_against_nobody() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client =
            builder(&cluster).attempt_layer(TimeoutLayer::new(Duration::from_millis(100))).build().unwrap();
        std::mem::forget(cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*"))));
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::Unknown), "{class:?}");
        assert_eq!(error.coordinator().unwrap().to_string(), cluster.coordinator(0).url());
        assert_eq!(cluster.journal().executions("m"), 1, "sent to nobody else");
        assert!(client.coordinators().iter().all(|state| state.standing == Standing::Well));
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_around_calls_tells_that_the_request_may_have_been_executed() {
    let cluster = cluster().await;
    let client = builder(&cluster).layer(TimeoutLayer::new(Duration::from_millis(100))).build().unwrap();
    let database = client.db("_system");
    std::mem::forget(cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*"))));
    let error = database.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::Unknown));
    assert_eq!(error.attempts().len(), 1, "the attempt that was under way: {}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_a_layer_sheds_was_not_executed() {
    let cluster = cluster().await;
    let shed = ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(1));
    let client = builder(&cluster).attempt_layer_with(move |_| shed.clone()).build().unwrap();
    let slow: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|coordinator| coordinator.inject(Fault::latency(Duration::from_secs(1))))
        .collect();
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let database = client.db("_system");
            tokio::spawn(async move { database.version().await })
        })
        .collect();
    while slow.iter().map(arango_test_cluster::FaultGuard::hits).sum::<usize>() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
    assert_eq!(cluster.journal().received("m"), 0);
    for call in busy {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_repeats_attempts_cannot_make_ours_believe_that_nothing_was_sent() {
    let cluster = cluster().await;
    let twice = tower::layer::layer_fn(|inner: arango::transport::AttemptService| {
        service_fn(move |request: Request<Full<Bytes>>| {
            let mut inner = inner.clone();
            async move {
                let first = tower::Service::call(&mut inner, request.clone()).await;
                let second = tower::Service::call(&mut inner, request).await;
                first.and(second).map_err(BoxError::from)
            }
        })
    });
    let client = builder(&cluster).attempt_layer(twice).build().unwrap();
    // The second copy is refused at the door, which alone would prove that nothing was executed.
    let executed =
        Fault::answer(503, 1465, "lost").after_execution().on(Match::post("/_api/document/*")).times(1);
    std::mem::forget(cluster.coordinator(0).inject(executed));
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
    // Whatever the layer does is its own doing; ours adds no copy of its own.
    assert_eq!(cluster.journal().requests_to(1) + cluster.journal().requests_to(2), 0, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_sends_a_request_of_its_own_cannot_make_ours_believe_that_nothing_was_sent() {
    for around_calls in [false, true] {
        let cluster = cluster().await;
        // Throws away what rides with the request, and gives up before there is an answer.
        let forgetful = ServiceBuilder::new().layer(TimeoutLayer::new(Duration::from_millis(100))).layer(
            MapRequestLayer::new(|mut request: Request<Full<Bytes>>| {
                request.extensions_mut().clear();
                request
            }),
        );
        let builder = builder(&cluster);
        let client = if around_calls { builder.layer(forgetful) } else { builder.attempt_layer(forgetful) };
        let client = client.build().unwrap();
        std::mem::forget(cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*"))));
        let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::Unknown));
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_may_change_the_body_and_the_answer_is_still_whole() {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .layer(tower::layer::layer_fn(|inner: arango::transport::CallService| {
            service_fn(move |request: Request<Full<Bytes>>| {
                let mut inner = inner.clone();
                async move {
                    let response = tower::Service::call(&mut inner, request).await?;
                    Ok::<Response<http_body_util::Limited<_>>, arango::Error>(
                        response.map(|body| http_body_util::Limited::new(body, 1 << 20)),
                    )
                }
            })
        }))
        .build()
        .unwrap();
    assert!(client.db("_system").version().await.unwrap().version.is_some());
}
