//! A bank: clients move money with transactions while coordinators are killed and restarted.

mod audit;
mod transfer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use arango::data::DatabaseSharding;
use arango::transport::AttemptError;
use arango::{Client, Database, ErrorKind};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tower::util::MapErrLayer;

use self::transfer::{Clerk, Reported};
use crate::Environment;
use crate::control::Control;
use crate::terminal::TourOutput;

/// The database of the bank. All collections in it have one leader, so that a transaction is committed as a whole.
const DATABASE: &str = "tour_bank";
const ACCOUNTS: usize = 100;
/// What is on each account at first.
const OPENING_SUM: i64 = 100;
const CLIENTS: usize = 32;
/// How many transfers each client tries.
const TRANSFERS_PER_CLIENT: usize = 6;
const TRANSFERS: u64 = (CLIENTS * TRANSFERS_PER_CLIENT) as u64;
/// The time limit of the step and of each transfer, far above what they take: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Moves money, and compares what the clients reported with what is stored. Returns a summary.
pub(crate) async fn move_money(
    output: &mut TourOutput,
    environment: &Environment,
    client: &Client,
    control: Option<&Control>,
) -> Result<String> {
    output.step("Move money between accounts in transactions");
    let bank = open(client).await?;
    output.entry(
        "bank",
        &format!("{ACCOUNTS} accounts with {OPENING_SUM} each, {CLIENTS} clients that move money"),
    );

    let began = Instant::now();
    let done = Arc::new(AtomicU64::new(0));
    let interrupted = Arc::new(AtomicU64::new(0));
    let mut clerks = JoinSet::new();
    for number in 0..CLIENTS {
        let counting = Arc::clone(&interrupted);
        // A separate client, with separate connections, as in separate programs.
        let client = environment.client().attempt_layer(MapErrLayer::new(move |error: AttemptError| {
            if error.kind() == ErrorKind::ConnectionLost {
                counting.fetch_add(1, Ordering::Relaxed);
            }
            error
        }));
        let bank = client.build()?.db(DATABASE).timeout(TIMEOUT);
        clerks.spawn(Clerk { number, bank, done: Arc::clone(&done) }.work());
    }
    let bar = output.progress(TRANSFERS, "moving money");
    let coordinators = client.coordinators().len();
    let kills = match control {
        Some(control) if coordinators > 1 => kill_in_turn(control, coordinators, &done, &bar).await?,
        _ => 0,
    };
    let mut reports = Vec::new();
    while let Some(clerk) = clerks.join_next().await {
        reports.append(&mut clerk??);
        bar.set_position(done.load(Ordering::Relaxed));
    }
    bar.finish_and_clear();
    let took = began.elapsed();

    let killed = match (kills, control) {
        (0, None) => "nothing: without a control address, coordinators cannot be killed".to_owned(),
        (0, Some(_)) => "nothing: there is only one coordinator".to_owned(),
        (kills, _) => {
            let interrupted = interrupted.load(Ordering::Relaxed);
            format!("{kills} coordinators in turn, each restarted; {interrupted} requests interrupted")
        }
    };
    output.entry("killed", &killed);
    let summary = audit::compare(output, &bank, &reports, took).await?;
    client.drop_database(DATABASE).await?;
    Ok(summary)
}

/// Creates the bank, after dropping what an interrupted tour has left.
async fn open(client: &Client) -> Result<Database> {
    match client.drop_database(DATABASE).await {
        Err(error) if error.kind() != ErrorKind::DatabaseUnknown => return Err(error.into()),
        _ => {}
    }
    let bank = client.create_database(DATABASE).sharding(DatabaseSharding::Single).await?;
    for name in ["accounts", "transfers"] {
        bank.create_collection(name).await?;
    }
    bank.transaction(["accounts"]).proved_in("proofs").ensure_proofs().await?.into_result()?;
    let accounts: Vec<Value> = (0..ACCOUNTS)
        .map(|number| json!({ "_key": transfer::account(number), "sum": OPENING_SUM }))
        .collect();
    bank.collection("accounts").insert_many(&accounts).await?.into_result()?;
    Ok(bank)
}

/// Kills and restarts each coordinator once, spread over the transfers. Returns how many were killed.
async fn kill_in_turn(
    control: &Control,
    coordinators: usize,
    done: &AtomicU64,
    bar: &ProgressBar,
) -> Result<usize> {
    let began = Instant::now();
    let steps = u64::try_from(2 * coordinators + 1)?;
    for victim in 0..coordinators {
        let step = u64::try_from(2 * victim + 1)?;
        wait_for(done, step * TRANSFERS / steps, began, bar).await?;
        control.kill(victim).await?;
        wait_for(done, (step + 1) * TRANSFERS / steps, began, bar).await?;
        control.restart(victim).await?;
    }
    Ok(coordinators)
}

/// Waits until this many transfers have ended.
async fn wait_for(done: &AtomicU64, count: u64, began: Instant, bar: &ProgressBar) -> Result<()> {
    loop {
        let now = done.load(Ordering::Relaxed);
        bar.set_position(now);
        if now >= count {
            return Ok(());
        }
        ensure!(began.elapsed() < TIMEOUT, "only {now} transfers in {TIMEOUT:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
