//! Custom tower middleware around calls, and around each attempt.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example custom_middleware
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use anyhow::{Context, Result};
use arango::{Client, Coordinator};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower::{Layer, Service, ServiceBuilder};
use tower_http::set_header::SetRequestHeaderLayer;

/// Counts requests; around attempts it counts those to one coordinator.
#[derive(Clone, Default)]
struct CountLayer(Arc<AtomicU64>);

impl<S> Layer<S> for CountLayer {
    type Service = Count<S>;

    fn layer(&self, inner: S) -> Count<S> {
        Count { inner, counter: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct Count<S> {
    inner: S,
    counter: Arc<AtomicU64>,
}

impl<S> Service<Request<Full<Bytes>>> for Count<S>
where
    S: Service<Request<Full<Bytes>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> S::Future {
        self.counter.fetch_add(1, Ordering::Relaxed);
        self.inner.call(request)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS is not set")?;
    let password = std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default();

    let calls = CountLayer::default();
    let first = CountLayer::default();
    let first_host = endpoints.split(',').next().unwrap_or_default().parse::<Coordinator>()?;
    let attempts_at_first = first.clone();

    let client = Client::builder()
        .hosts(&*endpoints)
        .basic_auth("root", &password)
        // Around whole calls: each call passes once, regardless of retries.
        .layer(calls.clone())
        .layer(TimeoutLayer::new(Duration::from_secs(10)))
        // Around attempts: a header on each, and at most eight concurrent ones for each coordinator.
        .attempt_layer(
            ServiceBuilder::new()
                .layer(SetRequestHeaderLayer::overriding(
                    HeaderName::from_static("x-tenant"),
                    HeaderValue::from_static("books"),
                ))
                .layer(ConcurrencyLimitLayer::new(8)),
        )
        // Created for each coordinator: here only the first is counted.
        .attempt_layer_with(move |coordinator| {
            if *coordinator == first_host { attempts_at_first.clone() } else { CountLayer::default() }
        })
        .build()?;

    for _ in 0..30 {
        client.cluster().server_id().await?;
    }
    anstream::println!("calls:                        {}", calls.0.load(Ordering::Relaxed));
    anstream::println!("attempts at the first host:   {}", first.0.load(Ordering::Relaxed));
    for state in client.coordinators() {
        anstream::println!(
            "{}: {} requests, {} open connections",
            state.address,
            state.requests,
            state.open_connections
        );
    }
    Ok(())
}
