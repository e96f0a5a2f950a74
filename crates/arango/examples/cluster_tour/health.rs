//! The health of every server.

use anyhow::{Result, ensure};
use arango::Client;
use owo_colors::OwoColorize;

use crate::terminal::TourOutput;

pub(crate) async fn show(output: &mut TourOutput, client: &Client) -> Result<()> {
    output.step("Read the health of every server");
    let health = client.cluster().health().await?;
    let rows = health
        .servers()
        .map(|(id, server)| {
            vec![
                server.status.to_string(),
                server.role.to_string(),
                server.short_name.clone().unwrap_or_default(),
                id.to_string(),
                server.endpoint.clone(),
            ]
        })
        .collect();
    output.table(&["status", "role", "name", "id", "endpoint"], rows, by_status);
    output.entry("cluster", &health.cluster_id);
    ensure!(health.all_good(), "not every server is healthy");
    Ok(())
}

/// Colours a row by its first column.
fn by_status(row: &str) -> String {
    match row.split_whitespace().next() {
        Some("GOOD") => row.replacen("GOOD", &"GOOD".green().to_string(), 1),
        Some("BAD") => row.yellow().to_string(),
        _ => row.red().to_string(),
    }
}
