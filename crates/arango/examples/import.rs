//! Imports JSON lines, while a coordinator is killed, and checks that no document was lost or stored twice.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run --release -p arango --example import
//! cargo xtask test-cluster run -- cargo run -p arango --example import -- --lines 20000
//! ```
//!
//! The coordinator is killed, and restarted, through the control address of a test cluster (`ARANGO_TEST_CONTROL`).
//! Without one nothing is killed.
//!
//! It creates and drops the database `arango_example_import`.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use arango::data::{Aql, ImportProgress};
use arango::transport::Transport;
use arango::{Client, ClientBuilder, Collection, Database, Limits};
use bytes::Bytes;
use clap::Parser;
use http::Request;
use http_body_util::Full;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader, DuplexStream, duplex};
use tower::ServiceExt;

/// Imports JSON lines, while a coordinator is killed.
#[derive(Debug, Parser)]
struct Arguments {
    /// The number of lines.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { lines } = Arguments::parse();
    let client = Client::from_env()?;
    let database = client.create_database("arango_example_import").await?;
    database.create_collection("books").shards(3).ensure().await?.into_result()?;
    let books = database.collection("books");

    let stored = Arc::new(AtomicU64::new(0));
    let import = import(&books, lines, Arc::clone(&stored));
    let report = match std::env::var("ARANGO_TEST_CONTROL") {
        Ok(control) => {
            let kill = kill_a_coordinator(&control, lines, &stored);
            tokio::pin!(import, kill);
            // An import that stops early ends the wait for its progress, too.
            tokio::select! {
                report = &mut import => report?,
                killed = &mut kill => {
                    killed?;
                    import.await?
                }
            }
        }
        Err(_) => import.await?,
    };
    let elapsed = report.elapsed.as_secs_f64();
    anstream::println!(
        "{} items in {elapsed:.1} s, {}; the responses of {} were lost, and their documents were found",
        HumanCount(report.items),
        HumanBytes(report.bytes),
        HumanCount(report.found_out)
    );
    for failed in report.failures.iter().take(3) {
        anstream::println!("line {}: {}", failed.position, failed.error);
    }

    // The query reads all documents before it responds.
    let limits = Limits::default().attempt(Duration::from_secs(600)).total(Duration::from_secs(600));
    let slow_client = ClientBuilder::from_env()?.limits(limits).build()?;
    let copies = count_copies(&slow_client.db("arango_example_import"), lines).await?;
    let lost = copies.iter().filter(|copies| **copies < 1).count();
    let doubled = copies.iter().filter(|copies| **copies > 1).count();
    anstream::println!("{} stored, {lost} lost, {doubled} doubled", HumanCount(report.stored));
    client.drop_database("arango_example_import").await?;
    ensure!(report.stored == lines && lost == 0 && doubled == 0, "not every line was stored once");
    Ok(())
}

/// Imports the lines, and shows how far it is.
async fn import(
    books: &Collection,
    lines: u64,
    stored: Arc<AtomicU64>,
) -> Result<arango::data::ImportReport> {
    let (reader, writer) = duplex(1 << 20);
    let generator = tokio::spawn(write_lines(writer, lines));
    let bar = progress_bar(lines);
    let show = move |progress: &ImportProgress| {
        stored.store(progress.stored, Ordering::Relaxed);
        show(&bar, lines, progress);
    };
    // At least a hundred requests, so that some are in progress when the coordinator is killed.
    let chunk = usize::try_from(lines / 100)?.min(10_000);
    let report = books.import_jsonl(BufReader::new(reader)).chunk_items(chunk).progress(show).await?;
    generator.await?.context("the lines could not be written")?;
    Ok(report)
}

/// Writes lines of about 500 bytes. They have no keys.
async fn write_lines(mut writer: DuplexStream, lines: u64) -> std::io::Result<()> {
    let summary = "How clay tablets became reading rooms, and what was lost when they burned. ".repeat(5);
    let mut text = String::new();
    for number in 0..lines {
        let title = format!("A Short History of Libraries, Volume {number}");
        let line =
            json!({ "number": number, "title": title, "year": 1950 + number % 70, "summary": summary });
        text.push_str(&line.to_string());
        text.push('\n');
        if text.len() > 1 << 16 || number + 1 == lines {
            writer.write_all(text.as_bytes()).await?;
            text.clear();
        }
    }
    Ok(())
}

fn progress_bar(lines: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(lines), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("[{bar:40.green}] {pos}/{len} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Moves the bar; without a terminal prints a line for each tenth.
fn show(bar: &ProgressBar, lines: u64, progress: &ImportProgress) {
    let rate = progress.items_per_second();
    let text = format!("{rate:.0} items/s, {} in progress, {} failed", progress.in_flight, progress.failed);
    let tenth = |stored: u64| stored * 10 / lines.max(1);
    if !std::io::stderr().is_terminal() && tenth(progress.stored) > tenth(bar.position()) {
        anstream::println!("{} of {}: {text}", HumanCount(progress.stored), HumanCount(lines));
    }
    bar.set_position(progress.stored);
    bar.set_message(text);
}

/// Kills a coordinator when a third of the lines is stored, and restarts it when two thirds are.
async fn kill_a_coordinator(control: &str, lines: u64, stored: &AtomicU64) -> Result<()> {
    let (host, token) = control.rsplit_once('/').context("ARANGO_TEST_CONTROL contains no token")?;
    let transport = Transport::builder(host).build()?;
    for (step, share) in [("kill", 1), ("restart", 2)] {
        while stored.load(Ordering::Relaxed) < lines * share / 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let request =
            Request::post(format!("/{token}/coordinators/1/{step}")).body(Full::<Bytes>::default())?;
        let response = transport.clone().oneshot(request).await?;
        ensure!(response.status().is_success(), "the test cluster returned {}", response.status());
        anstream::println!("the second coordinator: {step}");
    }
    Ok(())
}

/// Returns how often each line is stored.
async fn count_copies(database: &Database, lines: u64) -> Result<Vec<u8>> {
    let mut copies = vec![0_u8; usize::try_from(lines)?];
    let query = Aql::new("FOR b IN books RETURN b.number");
    let mut numbers = database.query::<usize>(query).batch_size(10_000).await?;
    while let Some(number) = numbers.try_next().await? {
        let count = copies.get_mut(number).context("a document that is of no line")?;
        *count = count.saturating_add(1);
    }
    Ok(copies)
}
