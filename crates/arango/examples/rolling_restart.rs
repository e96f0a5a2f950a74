//! Restarts every server of a cluster, one by one, without downtime of the cluster.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example rolling_restart
//! ```
//!
//! Here servers are restarted through the control address of a test cluster; elsewhere by systemd or Kubernetes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use arango::Client;
use arango::long_running::PollOptions;
use arango::transport::Transport;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::ServiceExt;

/// Stops and starts the servers.
struct Operator {
    transport: Transport,
    prefix: String,
    /// The path of each server, by its id.
    paths: HashMap<String, String>,
}

impl Operator {
    async fn connect(control: &str) -> Result<Self> {
        let (host, token) = control.rsplit_once('/').context("ARANGO_TEST_CONTROL contains no token")?;
        let transport = Transport::builder(host).build()?;
        let prefix = format!("/{token}");
        let mut operator = Self { transport, prefix, paths: HashMap::new() };
        let response = operator.send(Request::get(operator.path("/cluster"))).await?;
        let cluster: Value = serde_json::from_slice(&response)?;
        for (list, path) in [("coordinators", "coordinators"), ("db_servers", "db-servers")] {
            let servers = cluster[list].as_array().with_context(|| format!("the cluster lists no {list}"))?;
            for (index, server) in servers.iter().enumerate() {
                let id = server.as_str().or(server["id"].as_str()).context("a server has no id")?;
                operator.paths.insert(id.to_owned(), format!("/{path}/{index}"));
            }
        }
        Ok(operator)
    }

    /// Stops the process of a server, and starts it again after two seconds.
    async fn restart(&self, id: &str) -> Result<()> {
        let path = self.paths.get(id).with_context(|| format!("unknown server {id}"))?;
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
        let response = self.transport.clone().oneshot(request.body(Full::<Bytes>::default())?).await?;
        Ok(response.into_body().collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let endpoints = std::env::var("ARANGO_ENDPOINTS").context("ARANGO_ENDPOINTS is not set")?;
    let password = std::env::var("ARANGO_ROOT_PASSWORD").unwrap_or_default();
    let control = std::env::var("ARANGO_TEST_CONTROL").context("ARANGO_TEST_CONTROL is not set")?;
    let operator = Arc::new(Operator::connect(&control).await?);
    let client = Client::builder().hosts(&*endpoints).basic_auth("root", &password).build()?;

    let options = PollOptions::default().timeout(Duration::from_secs(600));
    let plan = client.cluster().rolling_restart().restart_timeout(Duration::from_secs(120));
    let mut restart = plan.run(options, move |server| {
        let operator = Arc::clone(&operator);
        async move { Ok(operator.restart(server.as_str()).await?) }
    });
    while let Some(step) = restart.next().await {
        anstream::println!("{step}");
    }
    let restarted = restart.wait().await?;
    anstream::println!("{} servers were restarted", restarted.len());
    for (coordinator, response) in
        client.on_each_coordinator(|handle| async move { handle.version().await }).await
    {
        match response {
            Ok(version) => anstream::println!("{coordinator}: {}", version.version.unwrap_or_default()),
            Err(error) => anstream::println!("{coordinator}: {error}"),
        }
    }
    Ok(())
}
