//! Layers added by the user, and the guarantees that hold despite them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxError, BoxFuture, Connect, Io, MiddlewareService};
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

use crate::support::{CLASSES, InMemoryConnector, builder, cluster, cluster_of, insert};

#[tokio::test(start_paused = true)]
async fn call_middleware_runs_per_call_and_attempt_middleware_per_attempt() {
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
async fn a_middleware_error_has_an_outcome_and_no_health_effect() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client =
            builder(&cluster).attempt_layer(TimeoutLayer::new(Duration::from_millis(100))).build().unwrap();
        std::mem::forget(cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*"))));
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::Unknown), "{class:?}");
        assert_eq!(error.coordinator().unwrap().to_string(), cluster.coordinator(0).url());
        assert_eq!(cluster.journal().executions("m"), 1, "not sent to another coordinator");
        assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
    }
}

#[tokio::test(start_paused = true)]
async fn a_middleware_timeout_has_an_unknown_outcome() {
    let cluster = cluster().await;
    let client = builder(&cluster).layer(TimeoutLayer::new(Duration::from_millis(100))).build().unwrap();
    let database = client.db("_system");
    std::mem::forget(cluster.coordinator(0).inject(Fault::hang().on(Match::post("/_api/document/*"))));
    let error = database.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::Unknown));
    assert_eq!(error.attempts().len(), 1, "the attempt in flight: {}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_a_layer_sheds_was_not_executed() {
    let cluster = cluster().await;
    let shed = ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(1));
    let client = builder(&cluster).attempt_layer_with(move |_| shed.clone()).build().unwrap();
    let slow = cluster.inject(&Fault::latency(Duration::from_secs(1)));
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
async fn a_request_without_its_extensions_is_rejected() {
    for around_calls in [false, true] {
        let cluster = cluster().await;
        let clears_extensions = MapRequestLayer::new(|mut request: Request<Full<Bytes>>| {
            request.extensions_mut().clear();
            request
        });
        let builder = builder(&cluster);
        let client = if around_calls {
            builder.layer(clears_extensions)
        } else {
            builder.attempt_layer(clears_extensions)
        };
        let client = client.build().unwrap();
        let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("extensions"));
        assert_eq!(cluster.journal().received("m"), 0);
    }
}

/// Opens one connection and refuses all others.
struct SingleConnection(InMemoryConnector, AtomicBool);

impl Connect for SingleConnection {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.1.swap(true, Ordering::Relaxed) {
            return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) });
        }
        self.0.connect(address)
    }
}

/// Sends a request twice and returns the second result. The copies are sent one after the other.
fn send_twice<S, B, E>(inner: S) -> impl MiddlewareService<B, Response = Response<B>, Error = E>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = E> + Clone + Send + Sync + 'static,
    S::Future: Send,
    B: Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    service_fn(move |request: Request<Full<Bytes>>| {
        let mut inner = inner.clone();
        let second_result: BoxFuture<'static, Result<Response<B>, E>> = Box::pin(async move {
            drop(inner.call(request.clone()).await);
            inner.call(request).await
        });
        second_result
    })
}

#[tokio::test(start_paused = true)]
async fn retrying_middleware_does_not_hide_a_sent_request() {
    for around_calls in [false, true] {
        let cluster = cluster_of(1).await;
        let builder = builder(&cluster)
            .connect(SingleConnection(InMemoryConnector::new(&cluster), AtomicBool::new(false)));
        let client = if around_calls {
            builder.layer(tower::layer::layer_fn(send_twice::<arango::transport::CallService, _, _>))
        } else {
            builder
                .attempt_layer(tower::layer::layer_fn(send_twice::<arango::transport::AttemptService, _, _>))
        };
        let client = client.build().unwrap();
        // The first copy is executed and its response lost. The connect of the second fails, which alone would prove
        // that nothing was executed.
        let close = Fault::close(Phase::AfterExecution).on(Match::post("/_api/document/*")).times(1);
        let _lost = cluster.coordinator(0).inject(close);
        let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
        assert!(!error.was_not_executed());
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_for_a_second_copy_does_not_retry_the_write() {
    // Each of these errors retries a request that was not executed.
    for (status, number) in
        [(404, 1228), (404, 1203), (401, 11), (503, 1496), (409, 1200), (409, 1601), (503, 503)]
    {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .attempt_layer(tower::layer::layer_fn(send_twice::<arango::transport::AttemptService, _, _>))
            .build()
            .unwrap();
        let leader = cluster.coordinator(1).url();
        let [close, error_response] = [
            Fault::close(Phase::AfterExecution),
            Fault::response(status, number, "as the test demands").header("x-arango-endpoint", leader),
        ]
        .map(|fault| fault.on(Match::post("/_api/document/*")).times(1));
        let (_lost, _error_response) =
            (cluster.coordinator(0).inject(close), cluster.coordinator(0).inject(error_response));
        let retry = arango::RetryPolicy::default().conflicts(10).on_shutdown();
        let options = arango::CallOptions::default().expect_database().retry(retry);
        let database = client.db("_system").options(options);
        let error = database.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{status}/{number}: {}", error.report());
        assert_eq!(error.attempts().len(), 1, "{status}/{number}: {}", error.report());
        assert_eq!(cluster.journal().executions("m"), 1, "{status}/{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_made_by_middleware_does_not_prove_non_execution() {
    let token_rejected = r#"{"error":true,"code":401,"errorNum":11,"errorMessage":"not authorized"}"#;
    for (status, body, kind) in
        [(429, "", ErrorKind::Throttled), (401, token_rejected, ErrorKind::NotAuthorized)]
    {
        for executed in [Fault::close(Phase::AfterExecution), Fault::latency(Duration::ZERO)] {
            let cluster = cluster().await;
            // The layer reports a rejection, independent of the result of the write.
            let fixed_response = tower::layer::layer_fn(move |inner: arango::transport::AttemptService| {
                service_fn(move |request: Request<Full<Bytes>>| {
                    let mut inner = inner.clone();
                    async move {
                        let login = request.uri().path().ends_with("/_open/auth");
                        let response = inner.call(request).await;
                        if login {
                            let (parts, body) = response?.into_parts();
                            let body = body.collect().await?.to_bytes();
                            return Ok::<_, BoxError>(Response::from_parts(parts, Full::new(body)));
                        }
                        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
                        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
                        Ok(response)
                    }
                })
            });
            let client = builder(&cluster)
                .jwt_auth("root", cluster.root_password())
                .attempt_layer(fixed_response)
                .build()
                .unwrap();
            let _faults = cluster.inject(&executed.clone().on(Match::post("/_api/document/*")).times(1));
            let write = insert("m", RequestClass::NonIdempotent);
            let error = client.db("_system").execute(write).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown));
            assert_eq!(cluster.journal().executions("m"), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_kept_by_middleware_is_not_sent_after_the_call() {
    let cluster = cluster().await;
    // Responds immediately, and sends the request one second later nevertheless.
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
    assert_eq!(cluster.journal().received("m"), 0, "a request reported as not executed is never executed");
}

#[tokio::test(start_paused = true)]
async fn slow_call_middleware_does_not_shorten_the_attempt() {
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
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
}

#[tokio::test(start_paused = true)]
async fn middleware_can_wrap_the_response_body() {
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
