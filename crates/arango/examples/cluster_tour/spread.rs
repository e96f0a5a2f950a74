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
    show(guide, &client, &counts);
    let (most, least) = (counts.iter().max(), counts.iter().min());
    ensure!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "not even: {counts:?}");
    Ok(())
}

pub(crate) async fn random(guide: &mut Guide, place: &Place) -> Result<()> {
    guide.step("Spread requests: by chance");
    let client = place.client().load_balancing(LoadBalancing::Random).build()?;
    let counts = ask(&client).await?;
    show(guide, &client, &counts);
    ensure!(counts.iter().all(|count| *count > 0), "somebody was never asked: {counts:?}");
    ensure!(counts.iter().sum::<u64>() == REQUESTS, "lost count: {counts:?}");
    Ok(())
}

/// How many of the requests each coordinator has.
async fn ask(client: &Client) -> Result<Vec<u64>> {
    let database = client.db("_system");
    // Logs in, if there is a login; that is a request too.
    database.version().await?;
    let requests = || client.coordinators().into_iter().map(|state| state.requests);
    let before: Vec<u64> = requests().collect();
    for _ in 0..REQUESTS {
        database.version().await?;
    }
    Ok(requests().zip(before).map(|(now, before)| now - before).collect())
}

fn show(guide: &Guide, client: &Client, counts: &[u64]) {
    let addresses = client.coordinators().into_iter().map(|state| state.address.to_string());
    guide.chart(&addresses.zip(counts.iter().copied()).collect::<Vec<_>>());
}
