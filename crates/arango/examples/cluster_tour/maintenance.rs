//! Keeping the supervision from moving shards while servers are being worked on.

use anyhow::{Result, ensure};
use arango::Client;
use arango::cluster::SupervisionMode;

use crate::terminal::Guide;

pub(crate) async fn on_and_off(guide: &mut Guide, client: &Client) -> Result<()> {
    guide.step("Switch the supervision's maintenance on and off");
    let cluster = client.cluster();
    guide.fact("at first", &cluster.maintenance().await?.to_string());
    let on = cluster.maintenance_on().await?;
    guide.fact("on", &on.warning);
    let during = cluster.maintenance().await?;
    guide.fact("now", &during.to_string());
    let off = cluster.maintenance_off().await?;
    guide.fact("off", &off.warning);
    let after = cluster.maintenance().await?;
    guide.fact("in the end", &after.to_string());
    ensure!(during == SupervisionMode::Maintenance, "maintenance did not begin");
    ensure!(after == SupervisionMode::Normal, "maintenance did not end");
    Ok(())
}
