//! What the control address says at one instant.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::http_client::HttpClient;

/// The state and the counters of a cluster. What a back end does not report is `None`.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// Since the beginning of the view.
    pub(super) at: Duration,
    pub(super) version: Option<String>,
    pub(super) coordinators: Vec<Coordinator>,
    /// Requests by coordinator since the cluster was started.
    pub(super) requests: Option<Vec<u64>>,
    pub(super) faults: Option<Vec<Fault>>,
    /// The latest requests with a status of 400 or more, oldest first.
    pub(super) failures: Option<Vec<Failure>>,
}

/// A coordinator.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Coordinator {
    pub(super) url: String,
    pub(super) up: bool,
    pub(super) paused: bool,
    pub(super) connections: Option<u64>,
}

/// A fault or a condition in force.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Fault {
    pub(super) id: u64,
    /// `None`: the whole cluster.
    pub(super) coordinator: Option<usize>,
    /// As it was injected.
    #[serde(rename = "fault")]
    pub(super) injected: Value,
    pub(super) hits: u64,
}

/// A request with an error status.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Failure {
    pub(super) number: u64,
    pub(super) coordinator: usize,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: u16,
}

#[derive(Deserialize)]
struct Listing {
    version: Option<String>,
    coordinators: Vec<Coordinator>,
}

#[derive(Deserialize)]
struct Summary {
    requests_per_coordinator: Vec<u64>,
}

#[derive(Deserialize)]
struct Faults {
    faults: Vec<Fault>,
}

#[derive(Deserialize)]
struct Failures {
    entries: Vec<Failure>,
}

/// Reads all of it, with one request after another.
///
/// # Errors
/// If the control address does not respond, or not as it is documented.
pub(super) async fn observe(client: &HttpClient, control: &str, begin: Instant) -> Result<Observation> {
    let listing: Option<Listing> = read(client, control, "/cluster").await?;
    let listing = listing.context("the control address does not list the servers")?;
    let summary: Option<Summary> = read(client, control, "/journal/summary").await?;
    // As close as possible to the counters, whose rates are computed with it.
    let at = begin.elapsed();
    let faults: Option<Faults> = read(client, control, "/faults").await?;
    let failures: Option<Failures> = read(client, control, "/journal/entries?last=50&failed=true").await?;
    Ok(Observation {
        at,
        version: listing.version,
        coordinators: listing.coordinators,
        requests: summary.map(|summary| summary.requests_per_coordinator),
        faults: faults.map(|faults| faults.faults),
        failures: failures.map(|failures| failures.entries),
    })
}

/// Reads one resource. `None` if the back end does not have it.
async fn read<T: DeserializeOwned>(client: &HttpClient, control: &str, path: &str) -> Result<Option<T>> {
    let response =
        client.get(&format!("{control}{path}")).await.context("the control address does not respond")?;
    if matches!(response.status, 404 | 501) {
        return Ok(None);
    }
    ensure!(response.status == 200, "the control address responds to {path} with {}", response.status);
    let value = serde_json::from_value(response.body);
    Ok(Some(
        value.with_context(|| format!("the response of the control address to {path} is not understood"))?,
    ))
}
