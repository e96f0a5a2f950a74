//! A web service that keeps answering while coordinators die, with metrics for Prometheus.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --features metrics --example web_service
//! curl -X POST localhost:3000/orders -H 'content-type: application/json' -d '{"item":"tea"}'
//! ```
//!
//! With `-- --load 500` it sends so many orders to itself, kills a coordinator in the middle, and ends.
//!
//! It creates and drops the database `arango_example_web_service`.

use anyhow::{Context, Result, ensure};
use arango::balance::MemberState;
use arango::transport::Transport;
use arango::{Client, Collection, Error, Outcome};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use http_body_util::Full;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

#[derive(Parser)]
struct Arguments {
    /// Sends this many orders to itself, and ends.
    #[arg(long)]
    load: Option<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    item: String,
}

#[derive(Clone)]
struct Shop {
    client: Client,
    orders: Collection,
    metrics: PrometheusHandle,
}

/// What a caller of the service may know of a failure. The log has the rest.
struct Failure(Error);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        anstream::eprintln!("{}", self.0.report());
        let status = match self.0.outcome() {
            Outcome::NotExecuted if self.0.is_transient() => StatusCode::SERVICE_UNAVAILABLE,
            Outcome::NotExecuted => StatusCode::BAD_REQUEST,
            // The order may have been taken: the caller must look before it orders again.
            _ => StatusCode::GATEWAY_TIMEOUT,
        };
        status.into_response()
    }
}

async fn take(State(shop): State<Shop>, Json(order): Json<Order>) -> Result<Response, Failure> {
    // The client makes the key, so an insert whose response is lost is repeated, and stored once.
    let written = shop.orders.insert(&order).await.map_err(Failure)?;
    Ok((StatusCode::CREATED, written.key.to_string()).into_response())
}

async fn show(State(shop): State<Shop>, Path(key): Path<String>) -> Result<Response, Failure> {
    let order: Option<Order> = shop.orders.get(&key).await.map_err(Failure)?;
    Ok(order.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |order| Json(order).into_response()))
}

/// Whether a load balancer may send requests here: one coordinator is enough.
async fn ready(State(shop): State<Shop>) -> StatusCode {
    let usable =
        shop.client.coordinators().iter().any(|coordinator| coordinator.state != MemberState::Ejected);
    if usable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metrics(State(shop): State<Shop>) -> String {
    shop.client.sample_metrics();
    shop.metrics.render()
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let metrics_handle = PrometheusBuilder::new().install_recorder()?;
    let client = Client::from_env()?;
    let database = client.create_database("arango_example_web_service").await?;
    database.create_collection("orders").ensure().await?.into_result()?;
    let shop = Shop { client, orders: database.collection("orders"), metrics: metrics_handle };
    let service = Router::new()
        .route("/orders", post(take))
        .route("/orders/{key}", get(show))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(shop.clone());

    if let Some(orders) = arguments.load {
        return load(&shop, service, orders).await;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    anstream::println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, service).await?;
    Ok(())
}

/// Sends orders to the service, and kills a coordinator in the middle.
async fn load(shop: &Shop, service: Router, orders: usize) -> Result<()> {
    for number in 0..orders {
        if number == orders / 2 {
            kill_a_coordinator().await?;
        }
        let request = Request::post("/orders").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(format!(r#"{{"item":"order {number}"}}"#)))?;
        let response = service.clone().oneshot(request).await?;
        ensure!(response.status() == StatusCode::CREATED, "order {number}: {}", response.status());
    }
    let stored = shop.orders.count().await?;
    anstream::println!("{orders} orders taken, {stored} stored; a coordinator was killed in the middle");
    for line in metrics(State(shop.clone())).await.lines() {
        if line.starts_with("arango_client_retries{") || line.starts_with("arango_client_ejections{") {
            anstream::println!("{line}");
        }
    }
    shop.client.drop_database("arango_example_web_service").await?;
    ensure!(stored == u64::try_from(orders)?, "an order was lost or doubled");
    Ok(())
}

/// Elsewhere, machines do this without being asked.
async fn kill_a_coordinator() -> Result<()> {
    let control = std::env::var("ARANGO_TEST_CONTROL").context("ARANGO_TEST_CONTROL is not set")?;
    let (host, token) = control.rsplit_once('/').context("ARANGO_TEST_CONTROL has no token")?;
    let request =
        Request::post(format!("/{token}/coordinators/1/kill")).body(Full::<bytes::Bytes>::default())?;
    Transport::builder(host).build()?.oneshot(request).await?;
    Ok(())
}
