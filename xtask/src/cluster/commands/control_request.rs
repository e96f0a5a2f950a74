//! A request to the control address of a running cluster.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hyper::Method;
use serde_json::Value;

use crate::cluster::http_client::HttpClient;
use crate::cluster::state_file::Found;

/// Time limit for what has an effect at once.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// Time limit for what responds only when a server is ready. Longer than a usual `--start-limit`, after which the owner
/// of the cluster responds that it is not.
pub(super) const READY_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Sends a request, and returns the response. `what` is what was to be done, for the error.
///
/// # Errors
/// If the cluster has no control address, does not respond within `limit`, or refuses.
pub(super) async fn send(
    cluster: &Found,
    method: Method,
    path: &str,
    body: Option<&Value>,
    limit: Duration,
    what: &str,
) -> Result<Value> {
    let info = &cluster.state.info;
    let control = info.control.as_ref();
    let control =
        control.context("an external cluster is left as it is; with --proxy, its proxies can be changed")?;
    let client = HttpClient::new(None)?.limit(limit);
    let body = body.map(Value::to_string).unwrap_or_default();
    let response = client.send(method, &format!("{control}/{path}"), body).await;
    let response = response.context("the cluster does not respond")?;
    if response.status != 200 {
        let reason = response.body["error"].as_str().unwrap_or("no reason given").to_owned();
        bail!("the back end {} refuses to {what}: {reason}", info.backend);
    }
    Ok(response.body)
}
