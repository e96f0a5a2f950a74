//! Prints requests as they come.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hyper::Method;
use owo_colors::OwoColorize as _;
use serde_json::Value;
use tokio::time::sleep;

use super::{EXECUTED, PASSED, executed_row, is_of_embedded, passed_row};
use crate::cli::Journal;
use crate::cluster::commands::control_request::{LIMIT, send};
use crate::cluster::state_file::Found;
use crate::interruption::Interruptions;

/// The pause between two requests for new entries.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a request without a response is waited for, before it is printed without a status.
const RESPONSE_LIMIT: Duration = Duration::from_secs(1);
/// More entries than a journal keeps.
const ALL: usize = 100_000;
/// The least widths of all columns but the last. A longer cell moves the rest of its line.
const WIDTHS: [usize; 9] = [12, 12, 6, 8, 28, 6, 9, 8, 8];

/// Prints the latest requests, then each new one, until a signal arrives or the cluster ends.
///
/// # Errors
/// If the cluster has no journal, or does not respond.
pub(super) async fn follow(command: &Journal, cluster: &Found) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let latest = entries(cluster, "last=1").await?;
    let mut position = Position { number: latest.last().map(number), waits_for: None };
    let mut printer = Printer { is_json: command.json, has_header: false };
    let path = format!("last={}&failed={}", command.last, command.failed);
    let mut new = entries(cluster, &path).await?;
    new.retain(|entry| Some(number(entry)) <= position.number);
    loop {
        match printer.print(&new) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written.context("cannot write to stdout")?,
        }
        tokio::select! {
            () = sleep(INTERVAL) => {}
            interruption = interruptions.next() => return Ok(ExitCode::from(128 + interruption.signal)),
        }
        new = match entries(cluster, &position.query()).await {
            Ok(entries) => position.advance(entries, Instant::now()),
            Err(_) if !cluster.directory.exists() => {
                anstream::eprintln!("the cluster has ended");
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => return Err(error),
        };
        new.retain(|entry| !command.failed || entry["status"].as_u64().is_some_and(|status| status >= 400));
    }
}

async fn entries(cluster: &Found, query: &str) -> Result<Vec<Value>> {
    let path = format!("journal/entries?{query}");
    let mut journal = send(cluster, Method::GET, &path, None, LIMIT, "show the journal").await?;
    match journal["entries"].take() {
        Value::Array(entries) => Ok(entries),
        _ => anyhow::bail!("the response has no entries"),
    }
}

fn number(entry: &Value) -> u64 {
    entry["number"].as_u64().unwrap_or_default()
}

/// Up to where a journal has been printed.
#[derive(Debug)]
struct Position {
    /// The number of the latest entry that was printed, or left out.
    number: Option<u64>,
    /// The number of the next entry, if it has no status yet, and since when that is known.
    waits_for: Option<(u64, Instant)>,
}

impl Position {
    /// Returns the query for what follows. Not only for failures: an entry may become one.
    fn query(&self) -> String {
        self.number.map_or_else(|| format!("last={ALL}"), |number| format!("last={ALL}&after={number}"))
    }

    /// Returns those of the following entries that can be printed, in their order, and moves behind them.
    fn advance(&mut self, entries: Vec<Value>, now: Instant) -> Vec<Value> {
        let mut ready = Vec::new();
        for entry in entries {
            let number = number(&entry);
            // A connection with TLS never has a status.
            if entry["status"].is_null() && !entry["method"].is_null() {
                let known = self.waits_for.filter(|(waits_for, _)| *waits_for == number);
                let since = known.map_or(now, |(_, since)| since);
                self.waits_for = Some((number, since));
                if now.duration_since(since) < RESPONSE_LIMIT {
                    break;
                }
            }
            self.number = Some(number);
            ready.push(entry);
        }
        ready
    }
}

/// Prints entries as lines, or as one JSON object each.
struct Printer {
    is_json: bool,
    has_header: bool,
}

impl Printer {
    // Not with a macro, which would panic when the reader has closed the pipe.
    fn print(&mut self, entries: &[Value]) -> std::io::Result<()> {
        let mut stdout = anstream::stdout();
        for entry in entries {
            if self.is_json {
                writeln!(stdout, "{entry}")?;
                continue;
            }
            let (header, row) = if is_of_embedded(entry) {
                (line(&EXECUTED, &WIDTHS[1..]), line(&executed_row(entry), &WIDTHS[1..]))
            } else {
                (line(&PASSED, &WIDTHS), line(&passed_row(entry), &WIDTHS))
            };
            if !self.has_header {
                writeln!(stdout, "{}", header.dimmed())?;
                self.has_header = true;
            }
            writeln!(stdout, "{row}")?;
        }
        stdout.flush()
    }
}

fn line(cells: &[impl AsRef<str>], widths: &[usize]) -> String {
    let widths = widths.iter().copied().chain(std::iter::repeat(0));
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", cell.as_ref()));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(number: u64, status: Option<u16>) -> Value {
        json!({ "number": number, "method": "GET", "status": status })
    }

    fn numbers(entries: &[Value]) -> Vec<u64> {
        entries.iter().map(number).collect()
    }

    #[test]
    fn a_request_is_printed_once_and_with_its_status() {
        let (mut position, now) = (Position { number: None, waits_for: None }, Instant::now());
        assert_eq!(position.query(), "last=100000");
        let ready = position.advance(vec![entry(0, Some(200)), entry(1, None), entry(2, Some(200))], now);
        assert_eq!((numbers(&ready), position.query()), (vec![0], "last=100000&after=0".to_owned()));
        let ready = position.advance(vec![entry(1, Some(201)), entry(2, Some(200))], now + INTERVAL);
        assert_eq!((numbers(&ready), position.number), (vec![1, 2], Some(2)));
    }

    #[test]
    fn a_request_without_a_response_holds_others_back_for_a_second_only() {
        let (mut position, now) = (Position { number: Some(4), waits_for: None }, Instant::now());
        let entries = vec![entry(5, None), entry(6, Some(200))];
        assert!(position.advance(entries.clone(), now).is_empty());
        assert!(position.advance(entries.clone(), now + RESPONSE_LIMIT / 2).is_empty());
        assert_eq!(numbers(&position.advance(entries, now + RESPONSE_LIMIT)), [5, 6]);
    }

    #[test]
    fn a_connection_with_tls_is_not_waited_for() {
        let mut position = Position { number: None, waits_for: None };
        let connection = json!({ "number": 1, "method": null, "status": null });
        assert_eq!(numbers(&position.advance(vec![connection], Instant::now())), [1]);
    }

    #[test]
    fn lines_are_aligned_as_long_as_cells_are_short() {
        let cells = ["coordinator1", "GET", "_system", "/_api/version", "200", "yes", "marker"];
        let (header, text) = (line(&EXECUTED, &WIDTHS[1..]), line(&cells, &WIDTHS[1..]));
        assert!(text.starts_with("coordinator1  GET     _system   /_api/version  "), "{text}");
        assert_eq!((header.find("STATUS"), header.find("MARKER")), (text.find("200"), text.find("marker")));
    }
}
