//! Identity and state of each server.

use anyhow::{Context, Result, ensure};
use arango::Client;
use arango::cluster::ServerRole;

use crate::terminal::{TourOutput, plain};

pub(crate) async fn servers(output: &mut TourOutput, client: &Client, version: &str) -> Result<()> {
    let cluster = client.cluster();
    output.step("Identify each coordinator");
    let mut rows = Vec::new();
    let mut ids = Vec::new();
    for state in client.coordinators() {
        let coordinator = client.coordinator(&state.address);
        let id = coordinator.server_id().await?;
        let role = coordinator.server_role().await?;
        ensure!(role == ServerRole::Coordinator, "{} is a {role}", state.address);
        rows.push(vec![
            state.address.to_string(),
            id.to_string(),
            role.to_string(),
            coordinator.server_mode().await?.to_string(),
            coordinator.version().await?.version.unwrap_or_default(),
        ]);
        ids.push(id);
    }
    output.table(&["coordinator", "id", "role", "mode", "version"], rows, plain);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    ensure!(ids.len() == count, "two coordinators have the same id");
    ensure!(ids.contains(&cluster.server_id().await?), "an unknown coordinator responded");

    output.step("Read the state of every DB-Server, through any coordinator");
    let count = cluster.server_count().await?;
    let health = cluster.health().await?;
    let mut rows = Vec::new();
    for (id, server) in health.db_servers() {
        let engine = cluster.server_engine(id).await?;
        let reported = cluster.server_version(id).await?.version.context("a DB-Server reports no version")?;
        ensure!(reported == version, "{id} runs {reported}");
        let (uptime, resident) = if version.starts_with("4.") {
            ("removed in 4.0".to_owned(), "removed in 4.0".to_owned())
        } else {
            let statistics = cluster.server_statistics(id).await?;
            let mib = statistics.system.resident_size >> 20;
            (format!("{} s", statistics.server.uptime.as_secs()), format!("{mib} MiB"))
        };
        let name = server.short_name.clone().unwrap_or_else(|| id.to_string());
        rows.push(vec![name, engine.name.to_string(), reported, uptime, resident]);
    }
    ensure!(!rows.is_empty(), "the cluster has no DB-Servers");
    output.table(&["DB-Server", "engine", "version", "up for", "resident"], rows, plain);
    let target = |count: Option<usize>| count.map_or("not set".to_owned(), |count| count.to_string());
    output.entry(
        "target",
        &format!(
            "{} coordinators, {} DB-Servers, {} of them cleaned out",
            target(count.coordinators),
            target(count.db_servers),
            count.cleaned.len()
        ),
    );
    output.entry("known endpoints", &cluster.endpoints().await?.addresses().collect::<Vec<_>>().join(", "));
    Ok(())
}
