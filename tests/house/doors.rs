//! Layers of the user's own, and what they cannot break.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxError, BoxFuture, Connect, DoorService, Io};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::util::MapRequestLayer;
use tower::{Service, ServiceBuilder, service_fn};

use crate::support::{CLASSES, Memory, builder, cluster, cluster_of, insert};

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
        assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
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
async fn a_request_whose_extensions_a_layer_threw_away_is_refused_rather_than_sent_as_what_it_is_not() {
    for around_calls in [false, true] {
        let cluster = cluster().await;
        let forgetful = MapRequestLayer::new(|mut request: Request<Full<Bytes>>| {
            request.extensions_mut().clear();
            request
        });
        let builder = builder(&cluster);
        let client = if around_calls { builder.layer(forgetful) } else { builder.attempt_layer(forgetful) };
        let client = client.build().unwrap();
        let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("extensions"));
        assert_eq!(cluster.journal().received("m"), 0);
    }
}

/// Opens one connection and refuses all others.
struct Once(Memory, AtomicBool);

impl Connect for Once {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.1.swap(true, Ordering::Relaxed) {
            return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
        }
        self.0.connect(address)
    }
}

/// Lets a request through twice, one copy after the other, and tells what became of the second.
fn twice<S, B, E>(inner: S) -> impl DoorService<B, Response = Response<B>, Error = E>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = E> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    service_fn(move |request: Request<Full<Bytes>>| {
        let mut inner = inner.clone();
        let again: BoxFuture<'static, Result<Response<B>, E>> = Box::pin(async move {
            drop(inner.call(request.clone()).await);
            inner.call(request).await
        });
        again
    })
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_repeats_cannot_make_ours_believe_that_nothing_was_sent() {
    for around_calls in [false, true] {
        let cluster = cluster_of(1).await;
        let builder = builder(&cluster).connect(Once(Memory::of(&cluster), AtomicBool::new(false)));
        let client = if around_calls {
            builder.layer(tower::layer::layer_fn(twice::<arango::transport::CallService, _, _>))
        } else {
            builder.attempt_layer(tower::layer::layer_fn(twice::<arango::transport::AttemptService, _, _>))
        };
        let client = client.build().unwrap();
        // The first copy is executed and its answer lost; the second finds nobody there, which alone
        // would prove that nothing was executed.
        let close = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*")).times(1);
        let _lost = cluster.coordinator(0).inject(close);
        let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
        assert!(!error.was_not_executed());
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_refusal_of_a_second_copy_has_a_write_sent_again_whose_first_copy_may_have_been_executed() {
    // Each of them sends a request that was not executed once more.
    for (status, number) in
        [(404, 1228), (404, 1203), (401, 11), (503, 1496), (409, 1200), (409, 1601), (503, 503)]
    {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .attempt_layer(tower::layer::layer_fn(twice::<arango::transport::AttemptService, _, _>))
            .build()
            .unwrap();
        let leader = cluster.coordinator(1).url();
        let [close, refuse] = [
            Fault::close(Phase::AfterExecution),
            Fault::answer(status, number, "as the test demands").header("x-arango-endpoint", leader),
        ]
        .map(|fault| fault.on(Match::post("/_api/document/*")).times(1));
        let (_lost, _refused) = (cluster.coordinator(0).inject(close), cluster.coordinator(0).inject(refuse));
        let retry = arango::RetryPolicy::default().on_conflict(10).on_shutdown();
        let options = arango::CallOptions::default().expect_database().retry(retry);
        let database = client.db("_system").options(options);
        let error = database.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{status}/{number}: {}", error.report());
        assert_eq!(error.attempts().len(), 1, "{status}/{number}: {}", error.report());
        assert_eq!(cluster.journal().executions("m"), 1, "{status}/{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_a_layer_made_up_proves_nothing_of_what_was_sent() {
    let token_refused = r#"{"error":true,"code":401,"errorNum":11,"errorMessage":"not authorized"}"#;
    for (status, body, kind) in
        [(429, "", ErrorKind::Throttled), (401, token_refused, ErrorKind::NotAuthorized)]
    {
        for executed in [Fault::close(Phase::AfterExecution), Fault::latency(Duration::ZERO)] {
            let cluster = cluster().await;
            // Whatever becomes of the write, the layer says that it was refused.
            let made_up = tower::layer::layer_fn(move |inner: arango::transport::AttemptService| {
                service_fn(move |request: Request<Full<Bytes>>| {
                    let mut inner = inner.clone();
                    async move {
                        let login = request.uri().path().ends_with("/_open/auth");
                        let answer = inner.call(request).await;
                        if login {
                            let (parts, body) = answer?.into_parts();
                            let body = body.collect().await?.to_bytes();
                            return Ok::<_, BoxError>(Response::from_parts(parts, Full::new(body)));
                        }
                        let mut answer = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
                        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
                        Ok(answer)
                    }
                })
            });
            let client = builder(&cluster)
                .jwt_auth("root", cluster.root_password())
                .attempt_layer(made_up)
                .build()
                .unwrap();
            let _faults: Vec<_> = cluster
                .coordinators()
                .iter()
                .map(|one| one.inject(executed.clone().on(Match::post("/_api/document/*")).times(1)))
                .collect();
            let write = insert("m", RequestClass::NonIdempotent);
            let error = client.db("_system").execute(write).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
            assert_eq!(cluster.journal().executions("m"), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_a_layer_handed_to_a_task_is_not_sent_once_the_call_is_over() {
    let cluster = cluster().await;
    // Answers at once, and sends the request a second later all the same.
    let detach = tower::layer::layer_fn(|inner: arango::transport::AttemptService| {
        service_fn(move |request: Request<Full<Bytes>>| {
            let mut inner = inner.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                drop(Service::call(&mut inner, request).await);
            });
            async move { Err::<Response<Full<Bytes>>, BoxError>("not now".into()) }
        })
    });
    let client = builder(&cluster).attempt_layer(detach).build().unwrap();
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cluster.journal().received("m"), 0, "it was said not to be executed, so it is not");
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_takes_its_time_leaves_the_attempt_its_own() {
    let cluster = cluster().await;
    let slow = tower::layer::layer_fn(|inner: arango::transport::CallService| {
        service_fn(move |request: Request<Full<Bytes>>| {
            let mut inner = inner.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(31)).await;
                Service::call(&mut inner, request).await
            }
        })
    });
    let client = builder(&cluster).layer(slow).build().unwrap();
    for class in CLASSES {
        client.db("_system").execute(insert("m", class)).await.unwrap();
    }
    assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
}

#[tokio::test(start_paused = true)]
async fn a_layer_may_change_the_body_and_the_answer_is_still_whole() {
    let cluster = cluster().await;
    let client = builder(&cluster)
        .layer(tower::layer::layer_fn(|inner: arango::transport::CallService| {
            service_fn(move |request: Request<Full<Bytes>>| {
                let mut inner = inner.clone();
                async move {
                    let response = Service::call(&mut inner, request).await?;
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
