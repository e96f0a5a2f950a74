//! Load balancing over the coordinators.

use anyhow::{Result, ensure};
use arango::{Client, LoadBalancing};

use crate::Environment;
use crate::terminal::TourOutput;

/// The number of requests of each chart.
const REQUESTS: u64 = 300;

pub(crate) async fn round_robin(output: &mut TourOutput, environment: &Environment) -> Result<()> {
    output.step("Spread requests: each coordinator in turn");
    let client = environment.client().build()?;
    let counts = count_requests(&client).await?;
    show(output, &client, &counts);
    let (most, least) = (counts.iter().max(), counts.iter().min());
    ensure!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "not even: {counts:?}");
    Ok(())
}

pub(crate) async fn random(output: &mut TourOutput, environment: &Environment) -> Result<()> {
    output.step("Spread requests: randomly");
    let client = environment.client().load_balancing(LoadBalancing::Random).build()?;
    let counts = count_requests(&client).await?;
    show(output, &client, &counts);
    ensure!(counts.iter().all(|count| *count > 0), "a coordinator got no request: {counts:?}");
    ensure!(counts.iter().sum::<u64>() == REQUESTS, "wrong total: {counts:?}");
    Ok(())
}

/// Returns the number of requests sent to each coordinator.
async fn count_requests(client: &Client) -> Result<Vec<u64>> {
    let database = client.db("_system");
    // The first call also logs in, which is a request too.
    database.version().await?;
    let requests = || client.coordinators().into_iter().map(|state| state.requests);
    let before: Vec<u64> = requests().collect();
    for _ in 0..REQUESTS {
        database.version().await?;
    }
    Ok(requests().zip(before).map(|(now, before)| now - before).collect())
}

fn show(output: &TourOutput, client: &Client, counts: &[u64]) {
    let addresses = client.coordinators().into_iter().map(|state| state.address.to_string());
    output.chart(&addresses.zip(counts.iter().copied()).collect::<Vec<_>>());
}
