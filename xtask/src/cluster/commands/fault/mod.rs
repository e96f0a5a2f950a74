//! Injects faults, lists them, ends them.

mod words;

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

pub(crate) use self::words::{FaultTarget, Pair};
use super::control_request::{LIMIT, send};
use crate::cli::{AddFault, ClearFaults, Fault, ListFaults};
use crate::cluster::member::Member;
use crate::cluster::state_file::{self, Found};
use crate::columns::lines;

/// Runs the subcommand.
///
/// # Errors
/// If no cluster runs, or it refuses the fault.
pub(crate) async fn fault(command: Fault) -> Result<ExitCode> {
    match command {
        Fault::Add(command) => add(command).await?,
        Fault::List(command) => list(&command).await?,
        Fault::Clear(command) => clear(&command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(command: AddFault) -> Result<()> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let fault = words::fault(&command.kind, &command.keys)?;
    let count = cluster.state.info.coordinators.len();
    let coordinators = match command.target {
        FaultTarget::All => 0..count,
        FaultTarget::Coordinator(index) => {
            ensure!(index < count, "there is no {}: this cluster has {count}", Member::coordinator(index));
            index..index + 1
        }
    };
    let mut ids = Vec::new();
    for index in coordinators {
        let path = format!("coordinators/{index}/faults");
        let what = format!("inject this fault at {}", Member::coordinator(index));
        let added = send(&cluster, Method::POST, &path, Some(&fault), LIMIT, &what).await?;
        ids.push((added["id"].as_u64().context("the response has no id")?, index));
    }
    if command.json {
        let ids: Vec<_> = ids.iter().map(|(id, index)| json!({ "id": id, "coordinator": index })).collect();
        anstream::println!("{}", json!({ "faults": ids }));
    } else {
        for (id, index) in ids {
            anstream::println!("fault {id} at {}", Member::coordinator(index));
        }
    }
    Ok(())
}

async fn list(command: &ListFaults) -> Result<()> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let listed = faults_of(&cluster).await?;
    if command.json {
        anstream::println!("{listed}");
        return Ok(());
    }
    let rows: Vec<_> = listed["faults"].as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        anstream::println!("no faults");
        return Ok(());
    }
    for (number, line) in lines(["ID", "WHERE", "KIND", "KEYS", "HITS"], rows).into_iter().enumerate() {
        match number {
            0 => anstream::println!("{}", line.dimmed()),
            _ => anstream::println!("{line}"),
        }
    }
    Ok(())
}

async fn clear(command: &ClearFaults) -> Result<()> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let ids =
        if command.ids.is_empty() { ids(&faults_of(&cluster).await?, |_| true) } else { command.ids.clone() };
    if ids.is_empty() {
        anstream::println!("no faults");
    }
    for id in ids {
        let hits = end(&cluster, id).await?;
        anstream::println!("fault {id} ended; requests affected: {hits}");
    }
    Ok(())
}

/// Returns the faults in force.
pub(super) async fn faults_of(cluster: &Found) -> Result<Value> {
    send(cluster, Method::GET, "faults", None, LIMIT, "list faults").await
}

/// Returns the ids of those faults whose description is wanted.
pub(super) fn ids(listed: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<u64> {
    let faults = listed["faults"].as_array().into_iter().flatten();
    faults.filter(|fault| wanted(&fault["fault"])).filter_map(|fault| fault["id"].as_u64()).collect()
}

/// Ends a fault, and returns how many requests it has affected.
pub(super) async fn end(cluster: &Found, id: u64) -> Result<u64> {
    let what = format!("end fault {id}");
    let ended = send(cluster, Method::DELETE, &format!("faults/{id}"), None, LIMIT, &what).await?;
    ended["hits"].as_u64().context("the response has no hits")
}

fn row(listed: &Value) -> [String; 5] {
    let place = match listed["coordinator"].as_u64() {
        Some(index) => format!("coordinator{}", index + 1),
        None => "cluster".to_owned(),
    };
    let fault = listed["fault"].as_object();
    let keys = fault.into_iter().flatten().filter(|(key, _)| *key != "kind");
    let keys: Vec<_> = keys.map(|(key, value)| format!("{key}={}", words::plain(value))).collect();
    [
        words::plain(&listed["id"]),
        place,
        words::plain(&listed["fault"]["kind"]),
        keys.join(" "),
        words::plain(&listed["hits"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_a_fault_in_the_words_with_which_it_was_added() {
        let fault = json!({ "kind": "close", "phase": "in-head", "times": 2, "path": "/_api/*" });

        let at = row(&json!({ "id": 3, "coordinator": 1, "fault": fault, "hits": 7 }));
        let everywhere =
            row(&json!({ "id": 4, "coordinator": null, "fault": { "kind": "agency-down" }, "hits": 0 }));

        assert_eq!(at, ["3", "coordinator2", "close", "path=/_api/* phase=in-head times=2", "7"]);
        assert_eq!(everywhere, ["4", "cluster", "agency-down", "", "0"]);
    }
}
