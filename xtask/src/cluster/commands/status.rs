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
        clusters.filter(|(path, _)| command.cluster.as_ref().is_none_or(|wanted| wanted == path)).collect();
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
        let up = up(&state).await;
        let rows = info.coordinators.iter().enumerate().map(|(index, coordinator)| {
            let state = up.as_ref().and_then(|up| up.get(index)).map_or("unknown", |up| match up {
                true => "up",
                false => "down",
            });
            [Member::coordinator(index).to_string(), coordinator.url.clone(), state.to_owned()]
        });
        for line in lines(["SERVER", "URL", "STATE"], rows.collect()) {
            anstream::println!("  {line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the control address which coordinators are up.
async fn up(state: &State) -> Option<Vec<bool>> {
    let control = state.info.control.as_ref()?;
    let listing = HttpClient::new(None).ok()?.get(&format!("{control}/cluster")).await.ok()?;
    let coordinators = listing.body["coordinators"].as_array()?.iter();
    Some(coordinators.map(|coordinator| coordinator["up"] == Value::Bool(true)).collect())
}
