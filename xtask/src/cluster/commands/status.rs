//! Lists the clusters that run, and their servers.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::cli::Selection;
use crate::cluster::http_client::HttpClient;
use crate::cluster::member::Member;
use crate::cluster::state_file::{self, State};
use crate::columns::lines;

/// Prints a line for each cluster and its coordinators. The exit code is 1 if none runs.
///
/// # Errors
/// None are known: a cluster that does not respond is listed as such.
pub(crate) async fn status(command: Selection) -> Result<ExitCode> {
    let clusters = state_file::all().into_iter();
    let clusters: Vec<_> =
        clusters.filter(|(path, _)| state_file::is_selected(path, command.cluster.as_deref())).collect();
    if clusters.is_empty() {
        anstream::println!("no cluster runs");
        return Ok(ExitCode::FAILURE);
    }
    for (directory, state) in clusters {
        let Some(state) = state else {
            anstream::println!("{}  starting", directory.display());
            continue;
        };
        let State { owner, info } = &state;
        anstream::println!("{}  {} {}, process {owner}", directory.display(), info.backend, info.version);
        let states = states(&state).await;
        let rows = info.coordinators.iter().enumerate().map(|(index, coordinator)| {
            let state = states.as_ref().and_then(|states| states.get(index)).copied().unwrap_or("unknown");
            [Member::coordinator(index).to_string(), coordinator.url.clone(), state.to_owned()]
        });
        for line in lines(["SERVER", "URL", "STATE"], rows.collect()) {
            anstream::println!("  {line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the control address which coordinators are up.
async fn states(state: &State) -> Option<Vec<&'static str>> {
    let control = state.info.control.as_ref()?;
    let listing = HttpClient::new(None).ok()?.get(&format!("{control}/cluster")).await.ok()?;
    let coordinators = listing.body["coordinators"].as_array()?.iter();
    Some(coordinators.map(coordinator_state).collect())
}

/// Returns the state of a coordinator in the listing. A paused one accepts connections and responds to nothing.
fn coordinator_state(coordinator: &Value) -> &'static str {
    match (&coordinator["up"], &coordinator["paused"]) {
        (Value::Bool(true), Value::Bool(true)) => "paused",
        (Value::Bool(true), _) => "up",
        _ => "down",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_paused_coordinator_is_not_listed_as_up() {
        assert_eq!(coordinator_state(&json!({ "up": true, "paused": true })), "paused");
        assert_eq!(coordinator_state(&json!({ "up": true, "paused": false })), "up");
        assert_eq!(coordinator_state(&json!({ "up": true })), "up");
        assert_eq!(coordinator_state(&json!({ "up": false, "paused": true })), "down");
    }
}
