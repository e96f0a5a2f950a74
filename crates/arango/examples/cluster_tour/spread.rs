//! How requests are spread over the coordinators.

use anyhow::{Result, ensure};
use arango::{Client, LoadBalancing};

use crate::Place;
use crate::terminal::Guide;

/// Requests of each chart.
const REQUESTS: u64 = 300;

pub(crate) async fn round_robin(guide: &mut Guide, place: &Place) -> Result<()> {
    guide.step("Spread requests: each coordinator in turn");
    let client = place.client().build()?;
    let counts = ask(&client).await?;
    show(guide, &client);
    let (most, least) = (counts.iter().max(), counts.iter().min());
    ensure!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "not even: {counts:?}");
    Ok(())
}

pub(crate) async fn random(guide: &mut Guide, place: &Place) -> Result<()> {
    guide.step("Spread requests: by chance");
    let client = place.client().load_balancing(LoadBalancing::Random).build()?;
    let counts = ask(&client).await?;
    show(guide, &client);
    ensure!(counts.iter().all(|count| *count > 0), "somebody was never asked: {counts:?}");
    ensure!(counts.iter().sum::<u64>() == REQUESTS, "lost count: {counts:?}");
    Ok(())
}

async fn ask(client: &Client) -> Result<Vec<u64>> {
    let database = client.db("_system");
    for _ in 0..REQUESTS {
        database.version().await?;
    }
    Ok(client.coordinators().iter().map(|state| state.requests).collect())
}

fn show(guide: &Guide, client: &Client) {
    let bars: Vec<(String, u64)> =
        client.coordinators().iter().map(|state| (state.address.to_string(), state.requests)).collect();
    guide.chart(&bars);
}
