//! Prints the latest requests to a running cluster.

mod follow;

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Result;
use hyper::Method;
use owo_colors::OwoColorize as _;
use serde_json::Value;

use super::control_request::{LIMIT, send};
use super::output;
use crate::cli::Journal;
use crate::cluster::state_file;
use crate::columns::lines;

/// The columns of the journal of an embedded cluster, which knows what was executed.
const EXECUTED: [&str; 7] = ["SERVER", "METHOD", "DATABASE", "PATH", "STATUS", "EXECUTED", "MARKER"];
/// The columns of the journal of proxies.
const PASSED: [&str; 10] = [
    "TIME (UTC)",
    "SERVER",
    "METHOD",
    "DATABASE",
    "PATH",
    "STATUS",
    "FORWARDED",
    "SENT",
    "RECEIVED",
    "MARKER",
];

/// Prints a line for each request, or forgets all.
///
/// # Errors
/// If no cluster runs, or it has no journal.
pub(crate) async fn journal(command: Journal) -> Result<ExitCode> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    if command.clear {
        send(&cluster, Method::POST, "journal/clear", None, LIMIT, "clear the journal").await?;
        return Ok(ExitCode::SUCCESS);
    }
    if command.follow {
        return follow::follow(&command, &cluster).await;
    }
    let path = format!("journal/entries?last={}&failed={}", command.last, command.failed);
    let journal = send(&cluster, Method::GET, &path, None, LIMIT, "show the journal").await?;
    let text = if command.json { format!("{journal}\n") } else { table(&journal) };
    output::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The journal for people. Which columns it has depends on who has kept it.
fn table(journal: &Value) -> String {
    let entries: Vec<_> = journal["entries"].as_array().into_iter().flatten().collect();
    let lines = match entries.first() {
        None => return "no requests\n".to_owned(),
        Some(first) if is_of_embedded(first) => {
            lines(EXECUTED, entries.into_iter().map(executed_row).collect())
        }
        Some(_) => lines(PASSED, entries.into_iter().map(passed_row).collect()),
    };
    let coloured = lines.into_iter().enumerate().map(|(number, line)| match number {
        0 => format!("{}\n", line.dimmed()),
        _ => format!("{line}\n"),
    });
    coloured.collect()
}

/// Returns whether an embedded cluster has kept the entry, rather than proxies.
fn is_of_embedded(entry: &Value) -> bool {
    entry.get("executed").is_some()
}

fn executed_row(entry: &Value) -> [String; 7] {
    let [server, method, database, path, status, marker] = request(entry);
    [server, method, database, path, status, yes_or_no(&entry["executed"]), marker]
}

fn passed_row(entry: &Value) -> [String; 10] {
    let [server, method, database, path, status, marker] = request(entry);
    let bytes = |key: &str| entry[key].as_u64().unwrap_or_default().to_string();
    let forwarded = yes_or_no(&entry["forwarded"]);
    [
        time(entry["begin_ms"].as_u64().unwrap_or_default()),
        server,
        method,
        database,
        path,
        status,
        forwarded,
        bytes("request_bytes"),
        bytes("response_bytes"),
        marker,
    ]
}

/// What requests of every journal have. A connection with TLS has no method.
fn request(entry: &Value) -> [String; 6] {
    let text = |key: &str| entry[key].as_str().filter(|text| !text.is_empty()).unwrap_or("-").to_owned();
    let server = format!("coordinator{}", entry["coordinator"].as_u64().unwrap_or_default() + 1);
    let method = entry["method"].as_str().unwrap_or("TLS").to_owned();
    let status = entry["status"].as_u64().map_or_else(|| "-".to_owned(), |status| status.to_string());
    [server, method, text("database"), text("path"), status, text("marker")]
}

fn yes_or_no(value: &Value) -> String {
    if value == true { "yes" } else { "no" }.to_owned()
}

/// The time of the day, in UTC.
fn time(unix_millis: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(unix_millis);
    let text = humantime::format_rfc3339_millis(time).to_string();
    text.split_once('T').map_or(text.clone(), |(_, time)| time.trim_end_matches('Z').to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(journal: &Value) -> String {
        anstream::adapter::strip_str(&table(journal)).to_string()
    }

    #[test]
    fn an_embedded_cluster_says_what_was_executed() {
        let text = plain(&json!({ "entries": [
            { "coordinator": 0, "method": "POST", "database": "shop", "path": "/_api/document/c", "status": 202,
              "executed": true, "changes": 1, "marker": "m" },
            { "coordinator": 2, "method": "GET", "database": "_system", "path": "/_api/version", "status": null,
              "executed": false, "changes": 0, "marker": null },
        ] }));

        assert_eq!(
            text,
            "SERVER        METHOD  DATABASE  PATH              STATUS  EXECUTED  MARKER\n\
             coordinator1  POST    shop      /_api/document/c  202     yes       m\n\
             coordinator3  GET     _system   /_api/version     -       no        -\n"
        );
    }

    #[test]
    fn proxies_say_what_was_passed_on_when_and_how_much() {
        let text = plain(&json!({ "entries": [
            { "number": 1, "coordinator": 0, "begin_ms": 1_700_000_000_123_u64, "method": "GET", "database": "_system",
              "path": "/_api/version", "marker": null, "forwarded": true, "status": 200, "request_bytes": 0,
              "response_bytes": 60 },
            { "number": 2, "coordinator": 1, "begin_ms": 1_700_000_000_124_u64, "method": null, "database": "",
              "path": "", "marker": null, "forwarded": true, "status": null, "request_bytes": 700,
              "response_bytes": 3000 },
        ] }));

        assert_eq!(
            text,
            "TIME (UTC)    SERVER        METHOD  DATABASE  PATH           STATUS  FORWARDED  SENT  RECEIVED  MARKER\n\
             22:13:20.123  coordinator1  GET     _system   /_api/version  200     yes        0     60        -\n\
             22:13:20.124  coordinator2  TLS     -         -              -       yes        700   3000      -\n"
        );
    }

    #[test]
    fn an_empty_journal_says_so() {
        assert_eq!(plain(&json!({ "entries": [] })), "no requests\n");
    }
}
