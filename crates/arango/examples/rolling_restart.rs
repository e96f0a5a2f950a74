//! Restarts every server of a cluster, one by one, while it goes on answering.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example rolling_restart
//! ```
//!
//! Here servers are restarted by the control address of a cluster made for tests; elsewhere by systemd or Kubernetes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arango::Client;
use arango::follow::{Pace, RestartStep};
use arango::transport::Transport;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::ServiceExt;

/// Who stops and starts the servers.
struct Operator {
    transport: Transport,
    prefix: String,
    /// The path of each server, by its id.
    paths: HashMap<String, String>,
}

impl Operator {
    async fn of(control: &str) -> Result<Self> {
        let (host, token) = control.rsplit_once('/').context("ARANGO_TEST_CONTROL holds no token")?;
        let transport = Transport::builder(host).build()?;
        let prefix = format!("/{token}");
        let mut operator = Self { transport, prefix, paths: HashMap::new() };
        let answer = operator.send(Request::get(operator.path("/cluster"))).await?;
        let cluster: Value = serde_json::from_slice(&answer)?;
        for (list, path) in [("coordinators", "coordinators"), ("db_servers", "db-servers")] {
            let servers = cluster[list].as_array().with_context(|| format!("no {list} are listed"))?;
            for (index, server) in servers.iter().enumerate() {
                let id = server.as_str().or(server["id"].as_str()).context("a server has no id")?;
                operator.paths.insert(id.to_owned(), format!("/{path}/{index}"));
            }
        }
        Ok(operator)
    }

    /// Stops the process of a server, and starts it again after a while.
    async fn restart(&self, id: &str) -> Result<()> {
        let path = self.paths.get(id).with_context(|| format!("{id} is not known here"))?;
        let (stop, start) =
            if path.starts_with("/db-servers") { ("stop", "start") } else { ("kill", "restart") };
        self.send(Request::post(self.path(&format!("{path}/{stop}")))).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.send(Request::post(self.path(&format!("{path}/{start}")))).await?;
        Ok(())
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    async fn send(&self, request: http::request::Builder) -> Result<Bytes> {
        let answer = self.transport.clone().oneshot(request.body(Full::<Bytes>::default())?).await?;
        Ok(answer.into_body().collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS names no coordinators")?;
    let password = std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default();
    let control = std::env::var("ARANGO_TEST_CONTROL").context("ARANGO_TEST_CONTROL names no operator")?;
    let operator = Arc::new(Operator::of(&control).await?);
    let client = Client::builder().hosts(&*endpoints).basic_auth("root", &password).build()?;

    let pace = Pace::default().limit(Duration::from_secs(600));
    let plan = client.cluster().rolling_restart().back_within(Duration::from_secs(120));
    let mut restart = plan.run(pace, move |server| {
        let operator = Arc::clone(&operator);
        async move { Ok(operator.restart(server.as_str()).await?) }
    });
    while let Some(step) = restart.next().await {
        match step {
            RestartStep::Prepared(server) => anstream::println!("{server}: leads nothing, in maintenance"),
            RestartStep::Restarting(server) => anstream::println!("{server}: restarting"),
            RestartStep::Back(server) => anstream::println!("{server}: back"),
            other => anstream::println!("{other:?}"),
        }
    }
    let restarted = restart.finished().await?;
    anstream::println!("{} servers were restarted", restarted.len());
    for (coordinator, answer) in client.on_each_coordinator(|one| async move { one.version().await }).await {
        match answer {
            Ok(version) => anstream::println!("{coordinator}: {}", version.version.unwrap_or_default()),
            Err(error) => anstream::println!("{coordinator}: {error}"),
        }
    }
    Ok(())
}
