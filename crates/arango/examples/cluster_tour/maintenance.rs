//! Disables the supervision while servers are under maintenance.

use anyhow::{Result, ensure};
use arango::Client;
use arango::cluster::SupervisionMode;

use crate::terminal::TourOutput;

pub(crate) async fn toggle(output: &mut TourOutput, client: &Client) -> Result<()> {
    output.step("Switch the supervision's maintenance on and off");
    let cluster = client.cluster();
    output.entry("at first", &cluster.maintenance().await?.to_string());
    let on = cluster.maintenance_on().await?;
    output.entry("on", &on.warning);
    let during = cluster.maintenance().await?;
    output.entry("now", &during.to_string());
    let off = cluster.maintenance_off().await?;
    output.entry("off", &off.warning);
    let after = cluster.maintenance().await?;
    output.entry("finally", &after.to_string());
    ensure!(during == SupervisionMode::Maintenance, "maintenance did not begin");
    ensure!(after == SupervisionMode::Normal, "maintenance did not end");
    Ok(())
}
