//! Clients without a runtime, in a static, and on several runtimes.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use arango::long_running::{PollOptions, StopReason};
use arango::transport::secrecy::SecretString;
use arango::transport::{AttemptService, BoxError, BoxFuture, CallService, Resolve};
use arango::{
    Client, Cluster, CoordinatorHandle, Credentials, Database, Discovery, Error, ErrorKind, Hedging,
};
use arango::{Outcome, TokenSource};
use arango_test_cluster::TestCluster;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use static_assertions::assert_impl_all;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tower::layer::layer_fn;
use tower::util::MapRequestLayer;
use tower::{ServiceExt, service_fn};

assert_impl_all!(Client: Clone, Send, Sync);
assert_impl_all!(Database: Clone, Send, Sync);
assert_impl_all!(Cluster: Clone, Send, Sync);
assert_impl_all!(CoordinatorHandle: Clone, Send, Sync);
assert_impl_all!(Error: Send, Sync, std::error::Error);

fn is_static_and_send<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
fn a_client_is_built_without_a_runtime_and_its_futures_are_send() {
    let client = Client::builder().hosts("http://localhost").basic_auth("root", "").build().unwrap();
    let database = client.db("x");
    drop(is_static_and_send(async move { database.version().await }));
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

/// Polls a future once, outside of a runtime.
fn poll_without_runtime<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn assert_no_runtime_error<T>(future: impl Future<Output = Result<T, Error>>) {
    let Poll::Ready(Err(error)) = poll_without_runtime(future) else { unreachable!("the call succeeds") };
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NoRuntime, Outcome::NotExecuted));
    assert!(error.attempts().is_empty() && error.to_string().contains("no tokio runtime"), "{error}");
}

#[test]
fn a_call_outside_a_runtime_is_an_error() {
    let builder = || Client::builder().hosts("http://localhost:1,http://localhost:2");
    let layer = || MapRequestLayer::new(|request: Request<Full<Bytes>>| request);
    for client in [
        builder().basic_auth("root", ""),
        builder().jwt_auth("root", ""),
        builder().hedging(Hedging::at_p95()),
        builder().discovery(Discovery::enabled()),
        builder().layer(layer()).attempt_layer(layer()),
    ] {
        let client = client.build().unwrap();
        let cluster = client.cluster();
        assert_no_runtime_error(client.db("x").version());
        assert_no_runtime_error(client.db("x").jwt_auth("ada", "").version());
        assert_no_runtime_error(cluster.health());
        assert_no_runtime_error(cluster.server_maintenance("PRMR-1"));
        assert_no_runtime_error(cluster.hold_maintenance(Duration::from_secs(60)));
        assert_no_runtime_error(cluster.on_each_db_server(|one, _| async move { one.health().await }));
        let request = Request::get("/_api/version").body(Full::default()).unwrap();
        assert_no_runtime_error(client.transport().clone().oneshot(request));
        let Poll::Ready(all) =
            poll_without_runtime(client.on_each_coordinator(|one| async move { one.version().await }))
        else {
            panic!("the future is pending")
        };
        assert!(all.failures().all(|(_, error)| error.kind() == ErrorKind::NoRuntime));
        let Poll::Ready(Err(stopped)) =
            poll_without_runtime(cluster.wait_until_healthy(PollOptions::default()))
        else {
            panic!("the future is pending")
        };
        let StopReason::Call(error) = stopped.reason() else { panic!("{stopped}") };
        assert_eq!(error.kind(), ErrorKind::NoRuntime);
        assert!(poll_without_runtime(client.close(Duration::from_secs(5))).is_ready());
    }
}

#[test]
fn a_call_moved_out_of_the_runtime_by_middleware_is_an_error() {
    let main_runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Each call or attempt is run by a thread of the layer.
    let call_thread = || {
        layer_fn(|inner: CallService| {
            service_fn(move |request: Request<Full<Bytes>>| {
                let polled = thread::scope(|scope| {
                    let response = inner.clone().oneshot(request);
                    scope.spawn(|| poll_without_runtime(response)).join().unwrap()
                });
                let Poll::Ready(response) = polled else { panic!("the future is pending") };
                std::future::ready(response)
            })
        })
    };
    let attempt_thread = layer_fn(|inner: AttemptService| {
        service_fn(move |request: Request<Full<Bytes>>| {
            let polled = thread::scope(|scope| {
                let response = inner.clone().oneshot(request);
                scope.spawn(|| poll_without_runtime(response)).join().unwrap()
            });
            let Poll::Ready(response) = polled else { panic!("the future is pending") };
            std::future::ready(response)
        })
    });
    let builder = || Client::builder().hosts("http://localhost:1").jwt_auth("root", "");
    for client in
        [builder().layer(call_thread()), builder().basic_auth("root", "").attempt_layer(attempt_thread)]
    {
        let client = client.build().unwrap();
        let error = main_runtime.block_on(client.db("_system").version()).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NoRuntime, Outcome::NotExecuted), "{error}");
    }
}

#[test]
fn a_static_client_serves_several_runtimes() {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    // The cluster runs on its own runtime, so that it outlives the others.
    let main_runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster =
        main_runtime.block_on(async { TestCluster::builder().coordinators(2).start().await.unwrap() });
    let client = CLIENT.get_or_init(|| {
        Client::builder().hosts(cluster.urls()).basic_auth("root", cluster.root_password()).build().unwrap()
    });

    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..4 {
                client.db("_system").version().await.unwrap();
            }
        });
    };
    // Each runtime leaves dead connections in the pool.
    for _ in 0..3 {
        run();
    }
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(run);
        }
    });
    let attempts: u64 = client.coordinators().iter().map(|state| state.requests).sum();
    assert_eq!(attempts, 24, "no call needed a second attempt");
}

/// Counts what it is asked for, and never responds.
#[derive(Clone, Default)]
struct NeverResponds(Arc<AtomicUsize>);

impl NeverResponds {
    fn respond<T: Send + 'static>(&self) -> BoxFuture<'static, T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

impl TokenSource for NeverResponds {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        self.respond()
    }
}

impl Resolve for NeverResponds {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.respond()
    }
}

fn paused_runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn a_login_or_lookup_on_a_runtime_that_is_not_driven_delays_other_calls_until_their_deadline_at_most() {
    let builder = || Client::builder().hosts("http://db.test:8529,http://db.test:8530");
    let (source, resolver) = (NeverResponds::default(), NeverResponds::default());
    let with_login = builder().credentials(Credentials::from_source(source.clone()));
    let with_lookup = builder().basic_auth("root", "").resolve(resolver.clone());
    for (builder, begun, name, lookups) in
        [(with_login, source, "login", 1), (with_lookup, resolver, "lookup", 2)]
    {
        let client = builder.build().unwrap();
        // It is kept, and not driven any more.
        let stopped = paused_runtime();
        stopped.block_on(async {
            for _ in 0..lookups {
                let database = client.db("_system");
                timeout(Duration::from_millis(1), database.version()).await.unwrap_err();
            }
        });
        assert_eq!(begun.0.load(Ordering::Relaxed), lookups, "{name}");
        paused_runtime().block_on(async {
            for limit in [100, 1_000, 60_000].map(Duration::from_millis) {
                let database = client.db("_system").timeout(limit);
                let ended = timeout(limit + Duration::from_millis(1), database.version()).await;
                let error = ended.expect("the call ends at its deadline").unwrap_err();
                assert_eq!(error.outcome(), Outcome::NotExecuted, "{name}, {limit:?}: {error}");
            }
        });
        assert_eq!(begun.0.load(Ordering::Relaxed), lookups, "{name}: the other runtime's is waited for");
        drop(stopped);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_clone_closes_every_connection() {
    let cluster = crate::support::cluster().await;
    let client = crate::support::client(&cluster);
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
    let open = || {
        cluster.coordinators().iter().map(arango_test_cluster::Coordinator::open_connections).sum::<usize>()
    };
    assert!(open() >= 3);
    let handle = client.db("_system");
    drop(client);
    handle.version().await.unwrap();
    drop(handle);
    tokio::time::sleep(Duration::from_millis(1)).await;
    // The client used to set up the cluster is dropped as well.
    assert_eq!(open(), 0);
}
